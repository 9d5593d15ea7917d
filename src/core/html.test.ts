import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, raw, withoutControls } from './html.ts';

describe('html', () => {
  it('escapes values in text and in attributes', () => {
    const evil = `"><img src=x onerror='a'>&\``;
    expect(html`<p title="${evil}">${evil}</p>`.toString()).toBe(
      `<p title="&quot;&gt;&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&#96;">&quot;&gt;&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&#96;</p>`,
    );
  });

  it('keeps nested templates, joins lists and leaves nothing for nothing', () => {
    const items = ['<', 'b'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${false}${null}${undefined}${0}`.toString()).toBe('<ul><li>&lt;</li><li>b</li></ul>0');
  });

  it('does not take an object that only looks like HTML', () => {
    const forged = { toString: () => '<script>' } as unknown as string;
    expect(html`${[String(forged)]}`.toString()).toBe('&lt;script&gt;');
  });

  it('leaves raw text alone', () => {
    expect(html`${raw('<b>')}`.toString()).toBe('<b>');
  });

  it('no value can open a tag or leave an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(html`${value}`.toString()).not.toMatch(/[<>"'`]/);
      }),
    );
  });
});

describe('withoutControls', () => {
  it('defuses the marks that turn the direction without being seen', () => {
    expect(withoutControls('a\u200fb\u200ec\u061cd')).toBe('a\ufffdb\ufffdc\ufffdd');
  });

  it('defuses terminal escapes and bidirectional overrides, keeps line breaks', () => {
    expect(withoutControls('a\u001b[31mb\u202ec\u009bd\n\te')).toBe('a\ufffd[31mb\ufffdc\ufffdd\n\te');
  });
});
