import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { type Caller, failureOf } from './failure.ts';

const INSTALLED: Caller = { commands: ['stop', 'service'], commandLine: (args) => `hostwise ${args}` };
const CHECKOUT: Caller = { ...INSTALLED, commandLine: (args) => `npm run --silent hostwise -- ${args}` };

describe('failureOf()', () => {
  it('is wrong usage (2) when what was asked for cannot be asked for, else a failure (1)', () => {
    expect(failureOf(new AppError('CONFIG_BAD_VALUE', 'x'), '', INSTALLED).exitCode).toBe(2);
    expect(failureOf(new AppError('ROUTE_BAD_TARGET', 'x'), '', INSTALLED).exitCode).toBe(2);
    expect(failureOf(new AppError('PORT_IN_USE', 'x'), '', INSTALLED).exitCode).toBe(1);
    expect(failureOf(new AppError('CONFIG_FILE_UNREADABLE', 'x'), '', INSTALLED).exitCode).toBe(1);
  });

  it('puts the hint on a line of its own and keeps each to one line', () => {
    const { text } = failureOf(
      new AppError('PORT_IN_USE', 'Port "443"\nis \u001b[31mtaken', { hint: 'stop\nit' }),
      'run',
      INSTALLED,
    );
    expect(text).toBe('hostwise: Port "443" is \ufffd[31mtaken\n  stop it');
  });

  it('names commands as the program was called', () => {
    const error = new AppError('ALREADY_RUNNING', 'x', {
      hint: 'Use that one, end it (hostwise stop), or hostwise service install; until hostwise stops. It is in /a/hostwise stop',
    });
    expect(failureOf(error, '', CHECKOUT).text).toBe(
      'hostwise: x\n  Use that one, end it (npm run --silent hostwise -- stop), or ' +
        'npm run --silent hostwise -- service install; until hostwise stops. It is in /a/hostwise stop',
    );
    expect(failureOf(error, '', INSTALLED).text).toContain('(hostwise stop)');
    const unknown = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'");
    expect(failureOf(unknown, 'run', CHECKOUT).text).toContain('see npm run --silent hostwise -- run --help');
  });

  it('says of anything else that it is a mistake of ours', () => {
    expect(failureOf(new TypeError('x is undefined'), 'run', INSTALLED)).toEqual({
      text: expect.stringMatching(/^hostwise: this should not happen: x is undefined\n {2}please report it/),
      exitCode: 1,
    });
    expect(failureOf('thrown text', '', INSTALLED).text).toContain('thrown text');
  });
});
