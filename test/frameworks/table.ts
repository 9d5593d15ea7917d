/** The table of a run, for the terminal and for docs/frameworks.md. */
import type { Framework } from './frameworks.ts';
import type { Visit } from './visit.ts';

/** What came out for one framework. */
export interface Result {
  framework: Framework;
  version?: string;
  /** `missing`: not on this machine, with the reason in `details`. */
  state: 'ok' | 'failed' | 'missing';
  /** What went wrong, one thing each. */
  details: string[];
  /** One for each browser. */
  visits: Visit[];
  /** Under a domain other than localhost, without any configuration. */
  elsewhere?: string;
}

const COLUMNS = [
  'framework',
  'version',
  'page',
  'after an edit',
  'WebSocket',
  'errors',
  'under another domain',
  'notes',
];

const UPDATES = {
  hot: 'hot update',
  reload: 'reloads by itself',
  restart: 'server restarts, new page after a reload',
  file: 'new page after a reload',
};

/** All rows, with their head, in Markdown. */
export function table(results: readonly Result[]): string {
  return [line(COLUMNS), line(COLUMNS.map(() => '---')), ...results.map(row)].join('\n');
}

/** One row in Markdown. */
export function row(result: Result): string {
  const { framework, version, state, visits, details } = result;
  if (state === 'missing') return line([framework.title, '', '', '', '', '', '', `not run: ${details.join(' ')}`]);
  const problems = visits.reduce((sum, seen) => sum + seen.problems.length, 0);
  return line([
    framework.title,
    version ?? '',
    inAll(visits, ({ page, protocol }) => page && protocol),
    inAll(visits, ({ update }) => update) === 'FAILED' ? 'FAILED' : UPDATES[framework.update],
    inAll(visits, ({ sockets }) => sockets),
    visits.length === 0 ? '' : problems === 0 ? 'none' : String(problems),
    result.elsewhere ?? '',
    framework.notes,
  ]);
}

/** What each visit says, once when they agree; a visit that does not say it failed there. */
function inAll(visits: readonly Visit[], of: (visit: Visit) => string | undefined): string {
  const said = visits.map(of);
  if (said.length === 0 || said.includes(undefined)) return 'FAILED';
  return [...new Set(said)].join(', ');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What a run was made with. */
export interface Setting {
  node: string;
  chromium: string;
  platform: string;
}

/** The whole of docs/frameworks.md. */
export function document(results: readonly Result[], setting: Setting): string {
  const settings = results.flatMap(({ framework: { title, allow } }) =>
    allow === undefined ? [] : [`- ${title}: ${allow}`],
  );
  return `# Frameworks

<!-- Written by \`npm run test:frameworks -- --write\` (test/frameworks/table.ts): change it there. -->

Each of these is a small real project (test/frameworks/), started on its own dev server as its users start it and opened
at \`https://<name>.localhost\` through a running hostwise, in Chromium. No mapping, no wrapper and no option of the dev
server is involved, except where a note says so. For each, with HTTP/2 and once more with HTTP/1.1: the page shows its
words, a click counts, WebSocket messages arrive (for a dev server with updates its own, else the page's), and after an
edit of a source file the new words are there. \`hot update\` means without loading the page again. An error is a line on
the console, an exception, a failed request or an answer of 400 and more.

${table(results)}

Last run with Node ${setting.node} and Chromium ${setting.chromium} on ${setting.platform}. Run it yourself, all or some:

\`\`\`sh
npm run test:frameworks
npm run test:frameworks -- --only vite,next
\`\`\`

## What to know

- **Next** takes requests of its own back when an update supersedes them; the browser calls them aborted. It does so
  without a proxy, too, and they are not counted here.
- **webpack-dev-server** tells its page to open the WebSocket on the dev server's own port, also when the page came from
  elsewhere. On an https page that fails: the dev server speaks no TLS. With
  \`devServer: { client: { webSocketURL: 'auto://0.0.0.0:0/ws' } }\` the page asks where it came from; create-react-app has
  \`WDS_SOCKET_PORT=0\` for the same.
- **Servers that restart** (\`node --watch\`, \`--reload\`) may come back on another port: the next request finds them there.

## Other domains than localhost

All of them take \`*.localhost\` as it is. With a further domain (\`--domain test\`), a dev server that checks the Host
header refuses it; the column "under another domain" says what happens without configuration. A page whose app refuses
its name shows a button, after which the app is sent another Host (\`routes set --host target\` does the same): that is the
"one click". Next looks at the Origin of its scripts' requests instead and needs its own setting. The dev servers' settings:

${settings.join('\n')}
`;
}
