import { describe, expect, it } from 'vitest';
import type { ProcessService } from '../core/service.ts';
import { clearPort } from './port-choice.ts';

function listening(ports: number[], ...argv: string[]): ProcessService {
  const listen = ports.map((port) => ({ address: '127.0.0.1', port }));
  return {
    id: 'p1',
    pid: 1,
    ppid: 0,
    command: 'x',
    argv,
    args: argv.join(' '),
    cwd: '/',
    listen,
    project: null,
    git: null,
  };
}

describe('clearPort', () => {
  it('takes the only port, on however many addresses', () => {
    const service = listening([3000], 'node');
    service.listen.push({ address: '::1', port: 3000 });
    expect(clearPort(service)).toBe(3000);
  });

  it.each([
    ['--port', '3000'],
    ['--port=3000'],
    ['-p', '3000'],
    ['--http-addr=:3000', '--grpc-addr=:9000'],
    ['-Dserver.port=3000'],
    ['PORT=3000'],
  ])('takes the port that the command line names: %s %s', (...flags) => {
    expect(clearPort(listening([3000, 9000], 'app', ...flags))).toBe(3000);
  });

  it('says nothing where several could be meant', () => {
    expect(clearPort(listening([3000, 9000], 'app'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--port', '3000', '-p', '9000'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--port', '4000'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--api-port', '9000'))).toBeNull();
    expect(clearPort(listening([]))).toBeNull();
  });

  it('does not count a debugger’s port', () => {
    const service = listening([3000], 'node');
    service.listen.push({ address: '127.0.0.1', port: 9229, noise: 'debugger' });
    expect(clearPort(service)).toBe(3000);
  });
});
