# Many cheap processes with open descriptors: holders.pl <processes> <descriptors each> <directory>
# Each holds files, pipes and sockets that do not listen, and ends when this parent does, however it ends: the read
# below returns when the last write end of the pipe is gone. The parent ends when its standard input closes.
use strict;
use warnings;
use Socket;
use POSIX ();

my ($processes, $each, $directory) = @ARGV;
pipe(my $life, my $held) or die "pipe: $!";
my @pids;
for my $n (1 .. $processes) {
  my $pid = fork();
  if (!defined $pid) { print STDERR "fork: $!\n"; last; }
  if ($pid == 0) {
    close $held;
    my @open;
    # 0, 1, 2 and the pipe are there already. Of ten: six files, two ends of a pipe, two of a pair of sockets.
    my $left = $each - 4;
    for (my $i = 0; $left > 0; $i++) {
      my $kind = $i % 8;
      if ($kind == 6 && $left > 1) { pipe(my $a, my $b) or last; push @open, $a, $b; $left -= 2; next; }
      if ($kind == 7 && $left > 1) {
        socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or last;
        push @open, $a, $b; $left -= 2; next;
      }
      open(my $file, '<', "$directory/" . ($i % 40) . '.txt') or last;
      push @open, $file; $left--;
    }
    sysread($life, my $byte, 1);
    POSIX::_exit(0);
  }
  push @pids, $pid;
}
close $life;
$| = 1;
print scalar(@pids), "\n";
1 while sysread(STDIN, my $line, 4096);
close $held;
waitpid($_, 0) for @pids;
