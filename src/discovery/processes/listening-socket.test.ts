import { describe, expect, it } from 'vitest';
import { hasConnection, parseProcNet, plainAddress } from './listening-socket.ts';

/** As a machine of x86-64 shows it: two listeners, a connection, one in TIME_WAIT. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:1435 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 61849 1 000000004004ae40 100 0 0 10 0                      
   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1058 1 000000004004ae40 100 0 0 10 0                      
   2: 0100007F:1435 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 61850 1 0000000000000000 20 4 30 10 -1                     
   3: 0100007F:9C41 0100007F:1435 06 00000000:00000000 03:00000F4A 00000000     0        0 0 3 0000000000000000                                      
`;

const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 700 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 701 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 702 1 0000000000000000 100 0 0 10 0
   3: B80D0120000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 703 1 0000000000000000 100 0 0 10 0
`;

describe('parseProcNet', () => {
  it('takes listening IPv4 sockets and nothing else', () => {
    expect(parseProcNet(TCP)).toEqual([
      { address: '127.0.0.1', port: 5173, inode: '61849', uid: 1000 },
      { address: '0.0.0.0', port: 2024, inode: '1058', uid: 0 },
    ]);
  });

  it('reads IPv6 addresses in the machine’s byte order, and an IPv4-mapped one as IPv4', () => {
    expect(parseProcNet(TCP6).map(({ address, port, uid }) => [address, port, uid])).toEqual([
      ['::1', 3000, 65_534],
      ['::', 8080, 0],
      ['127.0.0.1', 8081, 0],
      ['2001:db8::1', 8082, 0],
    ]);
  });

  it('leaves out lines that are torn, have no port, or belong to a socket that is going away', () => {
    const line = (local: string, inode: string) =>
      `   0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0        0 ${inode} 1 0`;
    expect(parseProcNet(line('0100007F:0000', '5'))).toEqual([]);
    expect(parseProcNet(line('0100007F:1435', '0'))).toEqual([]);
    expect(parseProcNet(line('0100007:1435', '5'))).toEqual([]);
    expect(parseProcNet('   0: 0100007F:1435 00000000:0000 0A 0000')).toEqual([]);
    expect(parseProcNet(' 0A \n 0A ')).toEqual([]);
  });

  it('reads a last line without a line feed', () => {
    expect(parseProcNet(TCP.split('\n').slice(0, 2).join('\n'))).toHaveLength(1);
  });
});

describe('plainAddress', () => {
  it.each([
    ['[::1]', '::1'],
    ['127.0.0.53%lo', '127.0.0.53'],
    ['[fe80::1%eth0]', 'fe80::1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
  ])('spells %s as %s', (text, address) => {
    expect(plainAddress(text)).toBe(address);
  });

  it.each(['', '*', 'localhost', '1', ':::', '1:2', '[::1'.repeat(40)])('refuses %j', (text) => {
    expect(plainAddress(text)).toBeUndefined();
  });
});

describe('hasConnection', () => {
  const lines = TCP.split('\n');
  const text = (count: number) => `${lines.slice(0, count).join('\n')}\n`;

  it('tells listening sockets alone from a text that goes on with connections', () => {
    expect([1, 2, 3].map((count) => hasConnection(text(count)))).toEqual([false, false, false]);
    expect([4, 5].map((count) => hasConnection(text(count)))).toEqual([true, true]);
  });

  it('waits for the end of a line that was torn', () => {
    expect(hasConnection('')).toBe(false);
    expect(hasConnection(lines[0] ?? '')).toBe(false);
    expect(hasConnection(`${text(3)}${lines[3]?.slice(0, 40)}`)).toBe(false);
  });
});
