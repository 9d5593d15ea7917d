/**
 * Services that answer no browser: databases, brokers, mail transports, shells. A hostname never means one of them
 * unless it names exactly that service; otherwise `shop` would open the shop's database while its site is down.
 */

import { commandWords, imageName } from '../core/command-words.ts';
import { oncePerObject } from '../core/once-per-object.ts';
import { candidatePorts, isContainer, type Service } from '../core/service.ts';
import { listenNoise, noiseReason } from '../discovery/noise.ts';

/** Registered ports of protocols that are not HTTP (IANA), and the ones that common images add to them. */
const PORTS = new Set(
  [22, 25, 53, 88, 110, 111, 139, 143, 389, 445, 465, 587, 636, 993, 995].concat(
    [1025, 1110, 1433, 1521, 1883, 2049, 3306, 33060, 33061, 4222, 4317, 4369, 5037, 5432, 5671, 5672, 5900, 6222],
    [6334, 6379, 9042, 9092, 9300, 11211, 14250, 25672, 27017, 27018],
  ),
);

/** Servers known by name that speak their own protocol on whatever port. */
const NAMES = new Set(
  ['postgres', 'postgis', 'pgvector', 'timescaledb', 'pgbouncer', 'mysql', 'mysqld', 'mysql-server', 'mariadb'].concat(
    ['mariadbd', 'redis', 'redis-server', 'valkey', 'valkey-server', 'memcached', 'mongo', 'mongod', 'cassandra'],
    ['kafka', 'zookeeper', 'mosquitto', 'eclipse-mosquitto', 'sshd', 'epmd', 'php-fpm', 'adb', 'dnsmasq', 'cupsd'],
  ),
);

/** The ports that may answer a browser: neither another protocol's nor the debugger's that the command line opens. */
export function pagePorts(service: Service): number[] {
  const debugged = isContainer(service)
    ? []
    : service.listen.filter((listen) => listenNoise(service, listen) !== undefined).map(({ port }) => port);
  return candidatePorts(service).filter((port) => !PORTS.has(port) && !debugged.includes(port));
}

const NO_CONTEXT = { ownPids: new Set<number>(), listsContainers: true };

/** Could this service answer a browser? False only where it is known that it cannot. Asked for every service of a list. */
export const mayAnswerBrowsers = oncePerObject(looksLikeWeb);

function looksLikeWeb(service: Service): boolean {
  const name = isContainer(service) ? imageName(service) : commandWords(service).program;
  if (NAMES.has(name.toLowerCase())) return false;
  // A scan has marked these already; a snapshot from elsewhere may not know editors and debuggers from applications.
  if (!isContainer(service) && noiseReason(service, NO_CONTEXT) !== undefined) return false;
  return pagePorts(service).length > 0;
}
