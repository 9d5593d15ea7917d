import { describe, expect, it } from 'vitest';
import { rootLine, shellLine, shellQuote } from './shell-quote.ts';

describe('shell quoting', () => {
  it.each([
    ['/home/me/.pki/nssdb', '/home/me/.pki/nssdb'],
    ['C,,', 'C,,'],
    ['', "''"],
    ['/home/my user', "'/home/my user'"],
    ["/home/o'neil", "'/home/o'\\''neil'"],
    ['$(id)', "'$(id)'"],
    ['~/x', "'~/x'"],
    ['a\nb', "'a\nb'"],
  ])('%j becomes %j', (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });

  it('adds sudo for everybody but root', () => {
    expect(rootLine(false, 'update-ca-certificates')).toBe('sudo update-ca-certificates');
    expect(rootLine(true, 'update-ca-certificates')).toBe('update-ca-certificates');
    expect(shellLine('ls', 'a b')).toBe("ls 'a b'");
  });
});
