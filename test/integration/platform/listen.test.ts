import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BoundPort, type ListenOne, type ListenOptions, listenBoth } from '../../../src/platform/listen.ts';
import { GUARDED } from '../../../src/platform/loopback-guard.ts';
import { holderByLsof, whoHolds } from '../../../src/platform/port-holder.ts';
import { needs } from '../../fixtures/needs.ts';

const BOTH = ['127.0.0.1', '::1'];

async function open(options: Partial<ListenOptions>): Promise<BoundPort> {
  const bound = await listenBoth({
    port: 0,
    hosts: BOTH,
    explicit: true,
    flag: '--https-port',
    onConnection: (socket) => socket.end('hello'),
    ...options,
  });
  onTestFinished(() => bound.close());
  return bound;
}

async function occupy(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

async function read(host: string, port: number): Promise<string> {
  const socket = net.connect(port, host);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Real listening, but for what `fail` says of one address. */
function listenBut(fail: (host: string, port: number) => string | undefined): ListenOne {
  return (server, port, host) => {
    const code = fail(host, port);
    if (code) return Promise.reject(Object.assign(new Error(code), { code }));
    return new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  };
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** An address of this machine that others could reach. */
const OUTSIDE = Object.values(os.networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

describe('on all addresses, guarded', () => {
  it('serves loopback of both families', async () => {
    const { port, hosts } = await open({ hosts: [GUARDED] });
    expect(hosts).toEqual(expect.arrayContaining(['0.0.0.0']));
    for (const host of hosts) expect(await read(host === '::' ? '::1' : '127.0.0.1', port)).toBe('hello');
  });

  it.skipIf(OUTSIDE === undefined)('cuts off whoever comes another way, and reads nothing of theirs', async () => {
    const sockets: net.Socket[] = [];
    const { port } = await open({
      hosts: [GUARDED],
      onConnection: (socket) => {
        sockets.push(socket);
        socket.end('hello');
      },
    });
    const socket = net.connect(port, OUTSIDE);
    let got = '';
    socket.on('data', (chunk) => {
      got += String(chunk);
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    await once(socket, 'close');
    expect({ got, handedOn: sockets.length }).toEqual({ got: '', handedOn: 0 });
    expect(await read('127.0.0.1', port)).toBe('hello');
  });
});

describe('listenBoth', () => {
  it('takes one free port on both families', async () => {
    const { port, hosts, instead } = await open({});
    expect(port).toBeGreaterThan(0);
    expect(hosts).toEqual(BOTH);
    expect(instead).toBeUndefined();
    expect(await Promise.all(BOTH.map((host) => read(host, port)))).toEqual(['hello', 'hello']);
  });

  it('frees the port at once when closed, while an open connection goes on', async () => {
    let accepted: net.Socket | undefined;
    const bound = await open({
      onConnection: (socket) => {
        accepted = socket;
        socket.on('error', () => {});
      },
    });
    const client = net.connect(bound.port, '::1');
    await once(client, 'connect');
    await bound.close();
    expect(await isFree(bound.port, '127.0.0.1')).toBe(true);
    accepted?.write('still here');
    expect(String((await once(client, 'data'))[0])).toBe('still here');
    client.destroy();
  });

  it('asks for another free port when the first is taken on the other family, and gives up after some tries', async () => {
    let tries = 0;
    const { port } = await open({
      listen: listenBut((host) => (host === '::1' && ++tries < 5 ? 'EADDRINUSE' : undefined)),
    });
    expect(tries).toBe(5);
    expect(port).toBeGreaterThan(0);
    const never = open({ listen: listenBut((host) => (host === '::1' ? 'EADDRINUSE' : undefined)) });
    await expect(never).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  it.each(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])('leaves a family out that the machine lacks (%s)', async (code) => {
    const withoutIpv6 = await open({ listen: listenBut((host) => (host === '::1' ? code : undefined)) });
    expect(withoutIpv6.hosts).toEqual(['127.0.0.1']);
    expect(await read('127.0.0.1', withoutIpv6.port)).toBe('hello');
    const withoutIpv4 = await open({ listen: listenBut((host) => (host === '127.0.0.1' ? code : undefined)) });
    expect(withoutIpv4.hosts).toEqual(['::1']);
    await expect(open({ listen: listenBut(() => code) })).rejects.toMatchObject({ code: 'CONFIG_BAD_VALUE' });
  });

  it('refuses an address that is not this machine’s, and does not leave it out', async () => {
    await expect(open({ hosts: ['127.0.0.1', '192.0.2.7'] })).rejects.toMatchObject({
      code: 'CONFIG_BAD_VALUE',
      message: expect.stringContaining('192.0.2.7'),
    });
  });

  it.each(BOTH)('takes both or neither: busy on %s', async (host) => {
    const port = await occupy(host);
    await expect(open({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', data: { port } });
    const other = BOTH.find((one) => one !== host) ?? '';
    expect(await isFree(port, other)).toBe(true);
  });

  it.skipIf(!needs('linux'))('names the program that holds a busy port [needs linux]', async () => {
    const port = await occupy('::1');
    await expect(open({ port })).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^Port ${port} is in use by .+ \\(pid ${process.pid}\\)$`)),
      hint: expect.stringContaining('--https-port'),
      data: { holder: { pid: process.pid, uid: process.getuid?.() } },
    });
    expect(await whoHolds(await freePort())).toBeUndefined();
  });

  it.skipIf(!needs('lsof'))('finds the same program by lsof, where there is no /proc [needs lsof]', async () => {
    const port = await occupy('::1');
    expect(await holderByLsof(port)).toMatchObject({ pid: process.pid, uid: process.getuid?.() });
    expect(await holderByLsof(await freePort())).toBeUndefined();
  });

  it('says of another router how it is stopped, and that both can live together', async () => {
    const port = await occupy();
    await expect(open({ port, whoHolds: async () => ({ pid: 812, command: 'nginx', uid: 0 }) })).rejects.toMatchObject({
      message: `Port ${port} is in use by nginx (pid 812)`,
      hint: expect.stringContaining('sudo systemctl stop nginx'),
      data: { router: 'nginx', together: expect.stringContaining('may keep the port') },
    });
  });

  it('still says how to find out when it cannot be seen who holds it', async () => {
    const port = await occupy();
    await expect(open({ port, whoHolds: async () => undefined })).rejects.toMatchObject({
      message: `Port ${port} is in use`,
      hint: expect.stringContaining(`lsof -nP -iTCP:${port}`),
    });
    await expect(open({ port, whoHolds: async () => ({ pid: 0, command: '', uid: 0 }) })).rejects.toMatchObject({
      message: `Port ${port} is in use by a program of root`,
    });
  });

  it('takes the fallback where the port was not asked for, and says why', async () => {
    const port = await occupy();
    const fallbackPort = await freePort();
    const bound = await open({ port, fallbackPort, explicit: false });
    expect(bound).toMatchObject({ port: fallbackPort, hosts: BOTH, instead: { code: 'PORT_IN_USE' } });
    expect(bound.instead?.message).toContain(`Port ${port}`);
    await expect(open({ port, fallbackPort, explicit: true })).rejects.toMatchObject({ data: { port } });
    await expect(open({ port, fallbackPort, explicit: false })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      data: { port: fallbackPort },
    });
  });

  it('says how a port below 1024 can be had', async () => {
    const forbidden = listenBut((_host, port) => (port < 1024 ? 'EACCES' : undefined));
    await expect(open({ port: 443, listen: forbidden })).rejects.toMatchObject({
      code: 'PORT_FORBIDDEN',
      message: expect.stringContaining('443'),
      hint: expect.stringMatching(/--https-port 8443$/),
    });
    await expect(open({ port: 80, flag: '--http-port', listen: forbidden })).rejects.toMatchObject({
      hint: expect.stringMatching(/--http-port 8080$/),
    });
    const fallbackPort = await freePort();
    const bound = await open({ port: 443, fallbackPort, explicit: false, listen: forbidden });
    expect(bound).toMatchObject({ port: fallbackPort, instead: { code: 'PORT_FORBIDDEN' } });
  });

  it('opens every address of the wildcards side by side, and `::` alone for both families', async () => {
    const { port } = await open({ hosts: ['0.0.0.0', '::'] });
    expect(await Promise.all(BOTH.map((host) => read(host, port)))).toEqual(['hello', 'hello']);
    const dual = await open({ hosts: ['::'] });
    expect(await Promise.all(BOTH.map((host) => read(host, dual.port)))).toEqual(['hello', 'hello']);
  });

  it.skipIf(!needs('linux'))('names a script, but no argument of it [needs linux]', async () => {
    const { spawn } = await import('node:child_process');
    const { writeFile } = await import('node:fs/promises');
    const { tempDir } = await import('../../fixtures/temp-dir.ts');
    const script = `${await tempDir()}/server.mjs`;
    await writeFile(
      script,
      "import n from 'node:net'; n.createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })",
    );
    const child = spawn(process.execPath, [script, '--token=hunter2']);
    onTestFinished(() => void child.kill());
    const port = Number(String((await once(child.stdout, 'data'))[0]));
    expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('hunter2');
    expect(await whoHolds(port)).toEqual({ pid: child.pid, command: 'node server.mjs', uid: process.getuid?.() });
  });
});

async function freePort(): Promise<number> {
  const bound = await listenBoth({
    port: 0,
    hosts: BOTH,
    explicit: true,
    flag: '--https-port',
    onConnection: () => {},
  });
  await bound.close();
  return bound.port;
}
