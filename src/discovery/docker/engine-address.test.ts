import { describe, expect, it } from 'vitest';
import { sshArguments } from './dial-stdio.ts';
import { chooseEngine, type EngineAddress, parseEngineAddress } from './engine-address.ts';

function parse(text: string): EngineAddress {
  return parseEngineAddress(text, 'DOCKER_HOST');
}

describe('parseEngineAddress', () => {
  it.each([
    ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['tcp://build.example:2375', { kind: 'tcp', host: 'build.example', port: 2375 }],
    ['tcp://10.0.0.7', { kind: 'tcp', host: '10.0.0.7', port: 2375 }],
    ['tcp://[fd00::7]:80/', { kind: 'tcp', host: 'fd00::7', port: 80 }],
    ['https://build.example', { kind: 'tcp', host: 'build.example', port: 2376, tls: { verify: true } }],
    ['ssh://kim@build.example:2222', { kind: 'ssh', host: 'build.example', user: 'kim', port: 2222 }],
    ['ssh://build/run/docker.sock', { kind: 'ssh', host: 'build', path: '/run/docker.sock' }],
  ])('reads %s', (text, expected) => {
    expect(parse(text)).toEqual({ ...expected, called: text });
  });

  it.each([
    '',
    'nonsense',
    '/var/run/docker.sock',
    'unix://docker.sock',
    'npipe:////./pipe/docker_engine',
    'tcp://',
    'tcp://host/path',
    'tcp://user@host',
    'tcp://host:0',
    'tcp://host:70000',
    'ssh://-oProxyCommand=evil',
    'ssh://-l@host',
    'ssh://kim:secret@host',
  ])('refuses "%s" in words', (text) => {
    expect(() => parse(text)).toThrow(/Docker address|hyphen/);
  });

  it('shows no password in what it says', () => {
    for (const secret of ['secret', 's3cr/et', 's3:cret', 's3@cret']) {
      expect(() => parse(`ssh://kim:${secret}@host`)).toThrow(/kim:…@host/);
    }
  });
});

describe('chooseEngine', () => {
  it('tries the usual sockets when nothing is set, docker’s own first', async () => {
    const choice = await chooseEngine({ env: { XDG_RUNTIME_DIR: '/run/user/7' }, home: '/nonexistent/kim' });
    const called = 'addresses' in choice ? choice.addresses.map((address) => address.called) : [];
    expect(called[0]).toBe('unix:///var/run/docker.sock');
    expect(called).toContain('unix:///run/user/7/docker.sock');
    expect(called).toContain('unix:///nonexistent/kim/.colima/default/docker.sock');
    expect(called).toContain('unix:///nonexistent/kim/.orbstack/run/docker.sock');
  });

  it('takes DOCKER_HOST before a context, and says when a context is missing', async () => {
    const env = { DOCKER_CONTEXT: 'away', DOCKER_CONFIG: '/nonexistent/config' };
    const chosen = await chooseEngine({ dockerHost: 'tcp://a:1', env, home: '' });
    expect(chosen).toMatchObject({ addresses: [{ host: 'a' }] });
    expect(await chooseEngine({ env, home: '' })).toEqual({
      warning: expect.stringContaining('the Docker context “away” is not there'),
    });
    const plain = await chooseEngine({ env: { ...env, DOCKER_CONTEXT: 'default' }, home: '' });
    expect(plain).toMatchObject({ addresses: [{ path: '/var/run/docker.sock' }] });
  });

  it('uses TLS where DOCKER_TLS_VERIFY asks for it', async () => {
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nonexistent' };
    const chosen = await chooseEngine({ dockerHost: 'tcp://build', env, home: '' });
    expect(chosen).toMatchObject({ addresses: [{ port: 2376, tls: { verify: true } }] });
    const explicit = await chooseEngine({ dockerHost: 'tcp://build:2375', env, home: '' });
    expect(explicit).toMatchObject({ addresses: [{ port: 2375 }] });
  });
});

describe('sshArguments', () => {
  it('are those of the docker CLI, and keep a path from the other shell', () => {
    const address = parse("ssh://kim@build:22/run/it's.sock");
    expect(address.kind === 'ssh' && sshArguments(address).slice(-7)).toEqual([
      '--',
      'build',
      'docker',
      '--host',
      "'unix:///run/it'\\''s.sock'",
      'system',
      'dial-stdio',
    ]);
  });
});
