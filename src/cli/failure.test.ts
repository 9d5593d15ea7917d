import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { failureOf } from './failure.ts';

describe('failureOf()', () => {
  it('is wrong usage (2) when what was asked for cannot be asked for, else a failure (1)', () => {
    expect(failureOf(new AppError('CONFIG_BAD_VALUE', 'x'), '').exitCode).toBe(2);
    expect(failureOf(new AppError('ROUTE_BAD_TARGET', 'x'), '').exitCode).toBe(2);
    expect(failureOf(new AppError('PORT_IN_USE', 'x'), '').exitCode).toBe(1);
    expect(failureOf(new AppError('CONFIG_FILE_UNREADABLE', 'x'), '').exitCode).toBe(1);
  });

  it('puts the hint on a line of its own and keeps each to one line', () => {
    const { text } = failureOf(
      new AppError('PORT_IN_USE', 'Port "443"\nis \u001b[31mtaken', { hint: 'stop\nit' }),
      'run',
    );
    expect(text).toBe('hostwise: Port "443" is \ufffd[31mtaken\n  stop it');
  });

  it('says of anything else that it is a mistake of ours', () => {
    expect(failureOf(new TypeError('x is undefined'), 'run')).toEqual({
      text: expect.stringMatching(/^hostwise: this should not happen: x is undefined\n {2}please report it/),
      exitCode: 1,
    });
    expect(failureOf('thrown text', '').text).toContain('thrown text');
  });
});
