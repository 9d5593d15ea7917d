/**
 * How names are compared: lower case, accents dropped, and one notion of a separator.
 * A dot inside a name (`laravel.test`, `Acme.Web`) stays a dot, because a hostname may write it as one; every other
 * run of separators is a hyphen.
 */

/** `@acme/Web_App` -> `web-app`: the scope, or the path of a Go or Composer name, is dropped. */
export function packageText(name: string): string {
  return nameText(name.slice(name.lastIndexOf('/') + 1));
}

/** `@acme/web` -> `acme`; '' for a name without a scope. */
export function scopeText(name: string): string {
  const slash = name.indexOf('/');
  return name.startsWith('@') && slash > 0 ? nameText(name.slice(1, slash)) : '';
}

/** Any text as a comparable name; '' when no letter or digit of ours is in it. */
export function nameText(text: string): string {
  // Most are names already.
  if (/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(text)) return text;
  let name = text.toLowerCase();
  if (!/^[a-z0-9.-]*$/.test(name)) name = name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '');
  return name.replace(/[^a-z0-9]+/g, (run) => (run === '.' ? '.' : '-')).replace(/^[.-]+|[.-]+$/g, '');
}

/** The same name with every separator alike: the key under which names are found. */
export function flatText(name: string): string {
  return name.replaceAll('.', '-');
}

/** `shop-web` is `web` within `shop`; undefined where the prefix is not there. */
export function withoutPrefix(name: string, prefix: string): string | undefined {
  if (prefix === '' || name.length <= prefix.length + 1) return undefined;
  const separator = name[prefix.length];
  if (separator !== '-' && separator !== '.') return undefined;
  return flatText(name.slice(0, prefix.length)) === flatText(prefix) ? name.slice(prefix.length + 1) : undefined;
}
