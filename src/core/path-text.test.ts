import { describe, expect, it } from 'vitest';
import { isHomeOrRoot, userOfPath } from './path-text.ts';

const HOMES = [
  '/home/kim',
  '/Users/kim',
  '/var/home/kim',
  '/usr/home/kim',
  '/export/home/kim',
  '/System/Volumes/Data/Users/kim',
  '/mnt/c/Users/kim',
  '/c/Users/kim',
  '/host_mnt/c/Users/kim',
  '/run/desktop/mnt/host/c/Users/kim',
  'C:/Users/kim',
];

describe('a home directory', () => {
  it.each(HOMES)('%s is one, and says whose', (home) => {
    expect(isHomeOrRoot(home)).toBe(true);
    expect(isHomeOrRoot(`${home}/`)).toBe(true);
    expect(isHomeOrRoot(`${home}/code`)).toBe(false);
    expect([userOfPath(home), userOfPath(`${home}/code/shop`)]).toEqual(['kim', 'kim']);
  });

  it('has backslashes on Windows', () => {
    expect(userOfPath('C:\\Users\\kim\\code')).toBe('kim');
  });

  it.each(['/', '', '/root', '/root/', '/var/root', '/home', '/Users/'])('%j is nobody’s, and no project', (path) => {
    expect(isHomeOrRoot(path)).toBe(true);
    expect(userOfPath(path)).toBeNull();
  });

  it.each(['/srv/home-page', '/code/home/web', '/srv/users/kim', '/homes', '/root/code'])('%s is none', (path) => {
    expect(isHomeOrRoot(path)).toBe(false);
    expect(userOfPath(path)).toBeNull();
  });
});
