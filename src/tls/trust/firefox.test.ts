import { describe, expect, it } from 'vitest';
import { parseProfiles } from './firefox.ts';

describe('profiles.ini', () => {
  it('names profiles, relative and absolute ones', () => {
    const text = `[Install4F96D1932A9F858E]
Default=abc.default-esr
Locked=1

[Profile1]
Name=default
IsRelative=1
Path=xyz.default

[Profile0]
Name=work stuff
IsRelative=0
Path=/data/firefox/work
Default=1

[General]
StartWithLastProfile=1
`;
    expect(parseProfiles(text)).toEqual([
      { name: 'default', path: 'xyz.default' },
      { name: 'work stuff', path: '/data/firefox/work' },
    ]);
  });

  it('reads Windows line ends, and names a profile without name by its folder', () => {
    expect(parseProfiles('[Profile0]\r\nPath=a/b.c\r\n')).toEqual([{ name: 'b.c', path: 'a/b.c' }]);
  });

  it.each(['', '[Profile0]', '[Profile0]\nName=x\n', 'Path=x', '[Profile]\nPath=x'])('finds none in %j', (text) => {
    expect(parseProfiles(text)).toEqual([]);
  });

  it('is not held up by thousands of profiles', () => {
    const text = Array.from({ length: 5_000 }, (_, n) => `[Profile${n}]\nPath=p${n}\n`).join('');
    expect(parseProfiles(text)).toHaveLength(16);
  });
});
