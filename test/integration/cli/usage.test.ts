/** What the program answers to command lines and settings that cannot be meant. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from './run-cli.ts';

describe('a wrong command line', () => {
  it.each([
    [['run', '--htps-port', '1'], 'unknown flag "--htps-port": did you mean --https-port?'],
    [['run', '--nonsense'], 'unknown flag "--nonsense": see hostwise run --help'],
    [['--json'], 'unknown flag "--json": see hostwise --help'],
    [['servces'], 'unknown command "servces": did you mean services?'],
    [['run', '--https-port'], '"--https-port" needs a value: --https-port <PORT>'],
    [['run', '--https-port', '70000'], '--https-port is "70000": expected a port from 0 to 65535 (0: any free one)'],
    [['run', '--http-port', '-1'], '--http-port is "-1": expected a port'],
    [['run', '--https-port', '81', '--http-port', '81'], '--https-port and --http-port are both "81"'],
    [['run', '--http', 'maybe'], '--http is "maybe": expected one of auto, serve, redirect'],
    [['run', '--bind', 'eth0'], '--bind is "eth0": expected an IP address such as 127.0.0.1 or ::1'],
    [['run', '--domain', 'a..b'], '--domain is "a..b": expected a domain'],
    [
      ['resolve', '--llm-url', 'localhost:11434', 'x'],
      '--llm-url is "localhost:11434": expected an http:// or https:// URL',
    ],
    [['resolve', '--mode', 'maybe', 'x'], '--mode is "maybe": expected one of auto, llm, names'],
    [['resolve'], 'HOST is missing: see hostwise resolve --help'],
    [['services', 'all'], 'unexpected argument "all": see hostwise services --help'],
    [
      ['routes', 'remove', 'x'],
      'unknown command "routes remove": expected routes list, routes set HOST TARGET or routes rm HOST',
    ],
    [['routes', 'set', 'shop'], 'TARGET is missing: see hostwise routes set --help'],
  ])('%j exits 2 with one line that says what would be right', async (args, line) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`hostwise: ${line}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('a wrong environment', () => {
  it('exits 2 and names the variable', async () => {
    const { code, stderr } = await cli(['services'], { env: { HOSTWISE_HTTP_PORT: 'http' } });
    expect(code).toBe(2);
    expect(stderr).toBe('hostwise: HOSTWISE_HTTP_PORT is "http": expected a port from 0 to 65535 (0: any free one)\n');
  });

  it('never sends a key to a URL from another place', async () => {
    const dataDir = await tempDir('hw-cli');
    await writeFile(join(dataDir, 'hostwise.env'), 'LLM_API_KEY=sk-geheim\n', { mode: 0o600 });
    const { code, stdout, stderr } = await cli(['resolve', 'shop'], {
      dataDir,
      env: { LLM_API_URL: 'http://127.0.0.1:1/v1' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^hostwise: LLM_API_KEY comes from ".*hostwise\.env" but LLM_API_URL from the environment/);
    expect(stdout + stderr).not.toContain('geheim');
  });

  it('exits 1 when the settings file cannot be read', async () => {
    const dataDir = await tempDir('hw-cli');
    await mkdir(join(dataDir, 'hostwise.env'));
    const { code, stderr } = await cli(['services'], { dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain('hostwise.env" cannot be read');
  });

  it('reads nothing from the working directory', async () => {
    const cwd = await tempDir('hw-cwd');
    await writeFile(join(cwd, 'hostwise.env'), 'HOSTWISE_HTTP_PORT=nonsense\n');
    await writeFile(join(cwd, '.env'), 'HOSTWISE_HTTP_PORT=nonsense\n');
    expect(await cli(['routes', 'list', '--json'], { cwd })).toEqual({ code: 0, stdout: '{}\n', stderr: '' });
  });
});

describe('help and version', () => {
  it('is shown when nothing is asked for', async () => {
    const { code, stdout, stderr } = await cli([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['run', 'services', 'resolve', 'routes']) expect(stdout).toContain(`\n  ${command} `);
  });

  it.each([
    ['ca', 'rotate'],
    ['service', 'uninstall'],
  ])('of "%s" is shown when none of its commands is named', async (group, command) => {
    const { code, stdout, stderr } = await cli([group]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: hostwise ${group} `);
    expect(stdout).toContain(`\n  ${command} `);
  });

  it('of "run" names every setting with its variable', async () => {
    const { code, stdout } = await cli(['run', '--help']);
    expect(code).toBe(0);
    for (const word of ['--demo', '--llm-url <URL>', 'LLM_API_KEY', 'HOSTWISE_DATA_DIR', 'default 443, else 8443']) {
      expect(stdout.replace(/\s+/g, ' ')).toContain(word);
    }
  });

  it('of the version is a number', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe('an old Node', () => {
  it('gets one clear line, the way out and exit code 1, before anything else loads', async () => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })`;
    const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(pretend)}"` };
    const { code, stdout, stderr } = await cli(['run'], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^hostwise: Node 24 or newer is needed, but this is Node 20\.19\.0 \(.*\)\n {2}or use a clone .*\n$/,
    );
  });
});
