/**
 * The helper that opens ports below 1024 as root and does nothing else: it gives root's rights up and becomes hostwise,
 * which finds the sockets as systemd would hand them over (sd_listen_fds(3), platform/inherited-sockets.ts). Pure text.
 * In Perl, which macOS brings and protects: no file that a user may write is run as root.
 */

/** As macOS has it. */
export const PERL = '/usr/bin/perl';

/** A socket to open. */
export interface HelperSocket {
  name: string;
  /** Without brackets. */
  host: string;
  port: number;
}

/** Who it becomes. */
export interface HelperUser {
  uid: number;
  gid: number;
}

/** Sockets get the descriptors 3 and up, in order; a socket that cannot be had ends it with code 1 and the reason. */
const SCRIPT = String.raw`
use strict; use warnings; use Socket qw(:all); use POSIX ();
my ($uid, $gid, @rest) = @ARGV;
die "a user is needed\n" unless $uid =~ /^[1-9]\d*$/ && $gid =~ /^\d+$/;
my (@sockets, @names);
while (@rest && (my $spec = shift @rest) ne '--') {
  my ($name, $host, $port) = $spec =~ /^(\w+)=([\d.:a-fA-F]+)=(\d+)$/ or die "bad socket: $spec\n";
  my $six = $host =~ /:/;
  my $address = inet_pton($six ? AF_INET6 : AF_INET, $host) or die "bad address: $host\n";
  socket(my $socket, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $six;
  bind($socket, $six ? pack_sockaddr_in6($port, $address) : pack_sockaddr_in($port, $address)) or die "$host port $port: $!\n";
  listen($socket, 1024) or die "$host port $port: $!\n";
  push @sockets, $socket; push @names, $name;
}
die "nothing to become\n" unless @rest;
$) = "$gid $gid"; POSIX::setgid($gid); POSIX::setuid($uid);
die "root's rights could not be given up\n" if $< != $uid || $> != $uid || POSIX::setuid(0);
my $n = @sockets;
for my $i (0 .. $n - 1) { POSIX::dup2(fileno($sockets[$i]), 64 + $i) // die "dup2: $!\n" }
for my $i (0 .. $n - 1) { POSIX::dup2(64 + $i, 3 + $i) // die "dup2: $!\n"; POSIX::close(64 + $i) }
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, $n, join(':', @names));
exec { $rest[0] } @rest or die "$rest[0]: $!\n";
`.trim();

/** The words of the helper: it becomes `program` with these sockets, as this user. */
export function helperWords(
  { uid, gid }: HelperUser,
  sockets: readonly HelperSocket[],
  program: readonly string[],
): string[] {
  const specs = sockets.map(({ name, host, port }) => `${name}=${host}=${port}`);
  return [PERL, '-e', SCRIPT, String(uid), String(gid), ...specs, '--', ...program];
}
