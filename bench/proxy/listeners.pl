# Processes that listen on a port each, in folders of their own, and answer nobody: listeners.pl COUNT FOLDER
use strict;
use warnings;
use IO::Socket::INET;

my ($count, $folder) = @ARGV;
for my $i (0 .. $count - 1) {
  my $socket = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!";
  my $pid = fork() // die "fork: $!";
  if ($pid) { close $socket; next; }
  chdir "$folder/service$i" or die "chdir: $!";
  sleep;
  exit;
}
$| = 1;
print "all listen\n";
sleep;
