import { describe, expect, it } from 'vitest';
import { fingerprintsOf, trustedNames } from './nss.ts';

const TABLE = `
Certificate Nickname                                         Trust Attributes
                                                             SSL,S/MIME,JAR/XPI

hostwise CA vm 2026-11-23 123083                             C,,  
only stored                                                  ,,   
mail only                                                    ,C,  
a very long name that is longer than its column, and goes on CT,C,C
a server                                                     P,,  
`;

describe("certutil's table", () => {
  it('yields the names that may vouch for servers', () => {
    expect(trustedNames(TABLE)).toEqual([
      'hostwise CA vm 2026-11-23 123083',
      'a very long name that is longer than its column, and goes on',
    ]);
  });

  it.each(['', '\0\0', 'certutil: function failed', ',,\n,,'])('yields nothing from %j', (text) => {
    expect(trustedNames(text)).toEqual([]);
  });
});

describe('fingerprints', () => {
  it('skips what is no certificate', () => {
    expect(fingerprintsOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toEqual([]);
    expect(fingerprintsOf('')).toEqual([]);
  });
});
