import { describe, expect, it } from 'vitest';
import { tableNames } from './nss.ts';

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
  it('yields the names, and which may vouch for servers', () => {
    expect(tableNames(TABLE)).toEqual([
      { name: 'hostwise CA vm 2026-11-23 123083', isTrusted: true },
      { name: 'only stored', isTrusted: false },
      { name: 'mail only', isTrusted: false },
      { name: 'a very long name that is longer than its column, and goes on', isTrusted: true },
      { name: 'a server', isTrusted: false },
    ]);
  });

  it.each(['', '\0\0', 'certutil: function failed', ',,\n,,'])('yields nothing from %j', (text) => {
    expect(tableNames(text)).toEqual([]);
  });
});
