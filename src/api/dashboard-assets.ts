/**
 * The dashboard's script and stylesheet, served from memory under names that say their content, so that a browser may
 * keep them for ever. They are built by `scripts/dashboard.mjs`; without them the dashboard is the plain page alone.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One file as it is served. */
export interface DashboardAsset {
  /** `/assets/dashboard-<hash>.js`. */
  path: string;
  type: string;
  content: Buffer;
}

/** See the file's header. */
export interface DashboardAssets {
  script: DashboardAsset;
  style: DashboardAsset;
}

/** In a checkout the sources are beside us, and set-up has built them into the cache; else the bundle is. */
const FOLDER = import.meta.url.endsWith('.ts') ? '../../node_modules/.cache/hostwise-dashboard/' : './dashboard/';

/** Read both files. @returns undefined where they were not built */
export async function readDashboardAssets(
  folder: string = fileURLToPath(new URL(FOLDER, import.meta.url)),
): Promise<DashboardAssets | undefined> {
  try {
    const [script, style] = await Promise.all([readFile(`${folder}/app.js`), readFile(`${folder}/app.css`)]);
    return {
      script: asset(script, 'js', 'text/javascript; charset=utf-8'),
      style: asset(style, 'css', 'text/css; charset=utf-8'),
    };
  } catch {
    return undefined;
  }
}

/** Read them once; asked again for as long as they are not there. */
export function keptDashboardAssets(): () => Promise<DashboardAssets | undefined> {
  let kept: DashboardAssets | undefined;
  return async () => {
    kept ??= await readDashboardAssets();
    return kept;
  };
}

function asset(content: Buffer, extension: string, type: string): DashboardAsset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  return { path: `/assets/dashboard-${hash}.${extension}`, type, content };
}
