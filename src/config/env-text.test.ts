import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvText } from './env-file.ts';
import { withAssignments } from './env-text.ts';

describe('withAssignments()', () => {
  it('changes lines where they stand, adds at the end, takes away, and leaves the rest', () => {
    const before = '# mine\nMODEL=a\n\nexport LLM_API_URL=http://old # local\nHOSTWISE_RESOLVE=names\nnonsense\n';
    expect(withAssignments(before, { LLM_API_URL: 'https://new/v1', MODEL: undefined, LLM_API_KEY: 'sk-1' })).toBe(
      '# mine\n\nLLM_API_URL=https://new/v1\nHOSTWISE_RESOLVE=names\nnonsense\nLLM_API_KEY=sk-1\n',
    );
  });

  it('changes the last of two, which is the one that counts', () => {
    expect(withAssignments('A=1\nB=2\nA=3\n', { A: '4' })).toBe('B=2\nA=4\n');
  });

  it('keeps CRLF, and ends an unfinished last line', () => {
    expect(withAssignments('A=1\r\nB=2', { C: '3' })).toBe('A=1\r\nB=2\r\nC=3\r\n');
    expect(withAssignments('', { A: '1' })).toBe('A=1\n');
    expect(withAssignments('A=1\n', { A: undefined })).toBe('');
  });

  it('writes what is read back, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '#', ' ', '"', "'", '\\', '\n', '=', '$', '\r', 'ä') }),
        (value) => {
          expect(parseEnvText(withAssignments('X=1\n', { KEY: value })).values.get('KEY')).toBe(value);
        },
      ),
    );
  });
});
