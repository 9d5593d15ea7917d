import { describe, expect, it } from 'vitest';
import {
  choiceOf,
  parseAddresses,
  parseDomains,
  parseKey,
  parsePath,
  parsePort,
  parseSwitch,
  parseText,
  parseUrl,
} from './parsers.ts';

const CONTEXT = { home: '/home/kim', base: '/projects/here' };

describe('parsePort()', () => {
  it.each([
    ['0', 0],
    ['443', 443],
    ['65535', 65_535],
  ])('takes %s', (text, value) => {
    expect(parsePort(text, CONTEXT)).toEqual({ value });
  });

  it.each(['65536', '-1', '80.5', '1e3', '0x50', 'http', '８０', '999999'])('refuses "%s"', (text) => {
    expect(parsePort(text, CONTEXT)).toHaveProperty('expected');
  });
});

describe('parseUrl()', () => {
  it.each(['http://127.0.0.1:11434/v1', 'https://openrouter.ai/api/v1/chat/completions?x=1'])('takes %s', (text) => {
    expect(parseUrl(text, CONTEXT)).toEqual({ value: text });
  });

  it.each(['localhost:11434', 'ftp://x/', 'http://', '/v1', 'javascript:alert(1)'])('refuses "%s"', (text) => {
    expect(parseUrl(text, CONTEXT)).toHaveProperty('expected');
  });

  it('does not repeat a password that stands in a URL', () => {
    expect(JSON.stringify(parseUrl('https://kim:geheim@example.com/v1', CONTEXT))).not.toContain('geheim');
  });
});

describe('parsePath()', () => {
  it.each([
    ['/a/../b', '/b'],
    ['data', '/projects/here/data'],
    ['~/data', '/home/kim/data'],
    ['~', '/home/kim'],
  ])('%s is %s', (text, value) => {
    expect(parsePath(text, CONTEXT)).toEqual({ value });
  });

  it('has no use for "~" without a home folder', () => {
    expect(parsePath('~/x', { ...CONTEXT, home: '' })).toHaveProperty('expected');
  });
});

describe('parseAddresses()', () => {
  it('takes several, with or without brackets, and localhost for both loopbacks', () => {
    expect(parseAddresses('0.0.0.0, [::1],::1', CONTEXT)).toEqual({ value: ['0.0.0.0', '::1'] });
    expect(parseAddresses('localhost', CONTEXT)).toEqual({ value: ['127.0.0.1', '::1'] });
  });

  it('takes "guarded", alone', () => {
    expect(parseAddresses('Guarded', CONTEXT)).toEqual({ value: ['guarded'] });
  });

  it.each(['shop', '127.0.0', '127.0.0.1:80', ',', 'guarded,127.0.0.1'])('refuses "%s"', (text) => {
    expect(parseAddresses(text, CONTEXT)).toHaveProperty('expected');
  });

  it('names the one that is wrong', () => {
    expect(parseAddresses('127.0.0.1,eth0', CONTEXT)).toMatchObject({ wrong: 'eth0' });
  });
});

describe('parseDomains()', () => {
  it('takes two words without a comma for a mistake', () => {
    expect(parseDomains('a b', CONTEXT)).toMatchObject({ wrong: 'a b' });
    expect(parseDomains('a , b', CONTEXT)).toEqual({ value: ['localhost', 'a', 'b'] });
  });

  it('always keeps localhost, first and once', () => {
    expect(parseDomains('test,LOCALHOST,.dev.example.com', CONTEXT)).toEqual({
      value: ['localhost', 'test', 'dev.example.com'],
    });
    expect(parseDomains('*.test', CONTEXT)).toEqual({ value: ['localhost', 'test'] });
  });

  it.each(['a..b', '10.0.0.1', '-x', 'a/b', 'http://test'])('refuses "%s"', (text) => {
    expect(parseDomains(text, CONTEXT)).toHaveProperty('expected');
  });

  it('refuses what the dashboard has under another domain', () => {
    expect(parseDomains('apps.proxy.localhost', CONTEXT)).toMatchObject({ wrong: 'apps.proxy.localhost' });
    expect(parseDomains('proxy.test', CONTEXT)).toEqual({ value: ['localhost', 'proxy.test'] });
  });
});

describe('the other parsers', () => {
  it('choiceOf() takes a word in any case', () => {
    expect(choiceOf(['auto', 'never'])('AUTO', CONTEXT)).toEqual({ value: 'auto' });
    expect(choiceOf(['auto', 'never'])('x', CONTEXT)).toEqual({ expected: 'one of auto, never' });
  });

  it('parseSwitch() takes on and off and their like', () => {
    expect(parseSwitch('Off', CONTEXT)).toEqual({ value: false });
    expect(parseSwitch('1', CONTEXT)).toEqual({ value: true });
    expect(parseSwitch('maybe', CONTEXT)).toHaveProperty('expected');
  });

  it('parseText() and parseKey() refuse what could break a line or a header', () => {
    expect(parseText('a\nb', CONTEXT)).toHaveProperty('expected');
    expect(parseText('x'.repeat(5000), CONTEXT)).toHaveProperty('expected');
    expect(parseKey('sk-or-1\r\nX: y', CONTEXT)).toHaveProperty('expected');
    expect(parseKey('schlüssel', CONTEXT)).toHaveProperty('expected');
    expect(parseKey('sk-or-v1-abc', CONTEXT)).toEqual({ value: 'sk-or-v1-abc' });
  });
});
