import { describe, expect, it } from 'vitest';
import { MAX_ARGUMENTS, MAX_COMMAND_LINE_BYTES, parseCommandLine, programName } from './command-line.ts';

describe('parseCommandLine', () => {
  it.each<[string, string[]]>([
    ['node\0server.js\0', ['node', 'server.js']],
    ['node\0\0--x=\0', ['node', '', '--x=']],
    ['next-server (v15.1.0)\0\0\0\0', ['next-server (v15.1.0)']],
    ['nginx: master process', ['nginx: master process']],
    ['', []],
    ['\0\0', []],
  ])('splits %j', (text, argv) => {
    expect(parseCommandLine(Buffer.from(text))).toEqual(argv);
  });

  it('tolerates bytes that are no UTF-8', () => {
    expect(parseCommandLine(Buffer.from([0x61, 0xff, 0x00, 0x62, 0x00]))).toEqual(['a\uFFFD', 'b']);
  });

  it('cuts a huge command line between two arguments', () => {
    const bytes = Buffer.alloc(MAX_COMMAND_LINE_BYTES, 'x');
    bytes.write('node\0server.js\0');
    expect(parseCommandLine(bytes)).toEqual(['node', 'server.js']);
  });

  it('cuts a command line of very many arguments', () => {
    expect(parseCommandLine(Buffer.from('x\0'.repeat(100_000)))).toHaveLength(MAX_ARGUMENTS);
  });

  it('keeps the beginning of one endless argument', () => {
    expect(parseCommandLine(Buffer.alloc(MAX_COMMAND_LINE_BYTES, 'x'))[0]).toHaveLength(MAX_COMMAND_LINE_BYTES);
  });
});

describe('programName', () => {
  it.each<[string, string[], string | undefined, string]>([
    ['node', ['node', 'server.js'], '/usr/bin/node', 'node'],
    ['MainThread', ['/usr/bin/node', 'server.js'], '/usr/bin/node', 'node'],
    ['node-MainThread', ['node', 'server.js'], undefined, 'node'],
    ['node-MainThread', [''], '/opt/node/bin/node', 'node'],
    ['main', ['/srv/app/tmp/main', '--listen', ':8080'], '/srv/app/tmp/main', 'main'],
    ['jupyter-lab', ['/venv/bin/python', '/venv/bin/jupyter-lab'], '/usr/bin/python3.11', 'jupyter-lab'],
    ['harbour-schedul', ['/home/t/bin/harbour-schedule', '--x'], '/home/t/bin/harbour-schedule', 'harbour-schedule'],
    ['next-server (v1', ['next-server (v15.1.0)'], '/usr/bin/node', 'next-server (v15.1.0)'],
    ['prometheus-node', ['python3', '/usr/bin/prometheus-node-thing'], '/usr/bin/python3', 'prometheus-node-thing'],
    ['fifteen-letters', ['something'], '/bin/else', 'fifteen-letters'],
    ['sshd', ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups'], undefined, 'sshd'],
    ['my-api', ['my-api'], '/usr/bin/node', 'my-api'],
    ['', ['-bash'], undefined, 'bash'],
    ['', [], undefined, ''],
  ])('calls comm %j with argv %j (%s) %j', (comm, argv, exe, name) => {
    expect(programName(comm, argv, exe)).toBe(name);
  });

  it('finds the whole name where the kernel’s cut went through a character', () => {
    const comm = Buffer.from('größe-messgerät').subarray(0, 15).toString();
    expect(programName(comm, ['/srv/größe-messgerät'], undefined)).toBe('größe-messgerät');
  });
});
