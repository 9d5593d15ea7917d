import { describe, expect, it } from 'vitest';
import { parseEnvText } from './env-file.ts';

describe('parseEnvText()', () => {
  it.each([
    ['A=b', 'b'],
    ['  export   A = b  ', 'b'],
    ['A=b # words', 'b'],
    ['A=b#c', 'b#c'],
    ['A=', ''],
    ['A="b c" # words', 'b c'],
    ["A='b \\n $c'", 'b \\n $c'],
    ['A="x\\ty\\"z\\\\"', 'x\ty"z\\'],
    ['A=$HOME', '$HOME'],
    ['A=b=c', 'b=c'],
    ['\ufeffA=b', 'b'],
  ])('reads %j', (text, value) => {
    expect(parseEnvText(text)).toEqual({ values: new Map([['A', value]]), problems: [] });
  });

  it('reads CRLF, comments, empty lines, and lets the last of two win', () => {
    const { values } = parseEnvText('# a file\r\n\r\nA=1\r\nB=2\r\nA=3\r\n');
    expect([...values]).toEqual([
      ['A', '3'],
      ['B', '2'],
    ]);
  });

  it.each(['just words', '=x', '1A=b', 'A="open', "A='open", 'A="b" c', 'A-B=c'])('tells of %j by its line', (text) => {
    const { values, problems } = parseEnvText(`OK=1\n${text}`);
    expect([...values.keys()]).toEqual(['OK']);
    expect(problems).toEqual(['line 2 is not KEY=VALUE and is ignored']);
  });

  it('reads a name such as __proto__ as any other', () => {
    expect(parseEnvText('__proto__=x').values.get('__proto__')).toBe('x');
  });
});
