/** A settings file with some of its lines changed: comments, order, line ends and everything else stay. Pure. */

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/;

/**
 * The text with these settings; undefined takes one away. A line that sets one is changed where it stands (of several the
 * last, which counts; the others go), a new one is put at the end.
 */
export function withAssignments(text: string, values: Readonly<Record<string, string | undefined>>): string {
  const end = /\r\n/.test(text) ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
  const names = lines.map((line) => ASSIGNMENT.exec(line)?.[1]);
  const kept = lines.flatMap((line, i) => {
    const name = names[i];
    if (name === undefined || !Object.hasOwn(values, name)) return [line];
    const value = values[name];
    return value === undefined || names.lastIndexOf(name) !== i ? [] : [assignment(name, value)];
  });
  const added = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || names.includes(name) ? [] : [assignment(name, value)],
  );
  const all = [...kept, ...added];
  return all.length === 0 ? '' : all.join(end) + end;
}

/** As env-file.ts reads it back: quoted where a bare value would end early. */
function assignment(name: string, value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return `${name}=${value}`;
  const inner = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${name}="${inner}"`;
}
