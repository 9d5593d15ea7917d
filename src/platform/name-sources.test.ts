import { describe, expect, it } from 'vitest';
import { asksResolved, findsLocalhostNames, myhostnameLine } from './name-sources.ts';

describe('findsLocalhostNames()', () => {
  it.each([
    ['hosts: files dns\n', false],
    ['hosts:          files mdns4_minimal [NOTFOUND=return] dns\n', false],
    ['passwd: files\nhosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n', true],
    ['hosts: files dns myhostname\n', true],
    ['# hosts: myhostname\nhosts: files # resolve\n', false],
    ['hosts: files dns myhostnames\n', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(findsLocalhostNames(text)).toBe(expected);
  });
});

describe('asksResolved()', () => {
  it.each([
    ['nameserver 127.0.0.53\noptions edns0\n', true],
    ['# nameserver 127.0.0.53\nnameserver 192.168.1.1\n', false],
    ['nameserver 192.168.1.1\nnameserver 127.0.0.53\n', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(asksResolved(text)).toBe(expected);
  });
});

describe('myhostnameLine()', () => {
  const EDIT = "sudo sed -i '/^hosts:/s/files/files myhostname/' /etc/nsswitch.conf";

  it.each([
    ['apt-get', 'sudo apt install libnss-myhostname'],
    ['dnf', `sudo dnf install systemd-libs && ${EDIT}`],
    ['zypper', `sudo zypper install nss-myhostname && ${EDIT}`],
    ['pacman', `sudo pacman -S systemd-libs && ${EDIT}`],
  ])('%s: %s', (manager, line) => {
    expect(myhostnameLine({ hasLibrary: false, programs: new Set([manager]), isRoot: false })).toBe(line);
  });

  it('needs no package where the library is there, and no sudo for root', () => {
    expect(myhostnameLine({ hasLibrary: true, programs: new Set(['dnf']), isRoot: false })).toBe(EDIT);
    expect(myhostnameLine({ hasLibrary: true, programs: new Set(), isRoot: true })).toBe(EDIT.replace('sudo ', ''));
  });

  it('knows none for Alpine', () => {
    expect(myhostnameLine({ hasLibrary: false, programs: new Set(['apk']), isRoot: true })).toBeUndefined();
  });
});
