import { describe, expect, it } from 'vitest';
import { loadSettings } from '../config/settings.ts';
import { CliContext } from './context.ts';
import { createOutput } from './output.ts';
import { sudoLine } from './sudo-line.ts';

const HOME = '/home/o neil';

function line(env: Record<string, string>, argvFlags: Record<string, string> = {}): string {
  const context = new CliContext({ output: createOutput(process, {}), env: { HOME, ...env }, version: '0.0.0' });
  return sudoLine(
    context,
    loadSettings({ argvFlags, env: { HOME, ...env }, platform: process.platform }),
    ['service', 'install'],
    argvFlags,
  );
}

describe('sudoLine()', () => {
  it('names this node and this program, and no data folder where it is the usual one', () => {
    expect(line({})).toMatch(/^sudo \S+node\S* \S+ service install$/);
  });

  it('repeats a data folder that sudo would not find, as one word', () => {
    expect(line({ HOSTWISE_DATA_DIR: "/srv/o'neil data" })).toMatch(
      / service install --data-dir '\/srv\/o'\\''neil data'$/,
    );
    expect(line({ XDG_DATA_HOME: '/srv/xdg' })).toMatch(/ service install --data-dir \/srv\/xdg\/hostwise$/);
  });

  it('repeats the flags', () => {
    expect(line({}, { httpsPort: '8443', domains: 'dev.test' })).toContain(' service install --https-port 8443');
  });
});
