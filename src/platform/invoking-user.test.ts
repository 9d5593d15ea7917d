import { describe, expect, it } from 'vitest';
import { homeIn, invokingUser } from './invoking-user.ts';

describe('the user behind sudo', () => {
  const env = { SUDO_UID: '1234', SUDO_GID: '99', SUDO_USER: 'kim' };

  it('is taken from its variables, for root only', () => {
    expect(invokingUser(env, 0)).toMatchObject({ uid: 1234, gid: 99, name: 'kim' });
    expect(invokingUser(env, 1234)).toBeUndefined();
  });

  it.each([{}, { SUDO_UID: '0' }, { SUDO_UID: 'root' }, { SUDO_UID: '-1' }, { SUDO_UID: '' }])(
    'is nobody in %j',
    (odd) => {
      expect(invokingUser(odd, 0)).toBeUndefined();
    },
  );

  it('has the home that the user database says', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/sh\nkim:x:1234:99:Kim,,,:/home/kim o:/bin/zsh\nodd:x:5:5::relative:\n';
    expect(homeIn(passwd, 1234)).toBe('/home/kim o');
    expect(homeIn(passwd, 5)).toBeUndefined();
    expect(homeIn('', 0)).toBeUndefined();
  });
});
