/** Writes the sample projects: what a small app looks like on a developer's disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { API_SERVER, SHOP_SERVER } from './demo-servers.ts';
import { SHOP_PAGE } from './shop-page.ts';

/** The branches of the shop, visibly different. */
const LOOKS = {
  main: { branch: 'main', accent: '#3451b2', title: 'Demo shop', cart: 'Your cart is empty' },
  'new-cart': {
    branch: 'new-cart',
    accent: '#c2410c',
    title: 'Demo shop, with the new cart',
    cart: 'Cart: 3 things, 42.00',
  },
} as const;

/** The page: `look.json` is what differs between its branches. */
export async function writeShop(dir: string, branch: keyof typeof LOOKS): Promise<void> {
  await writeFiles(dir, {
    'package.json': json({ name: 'demo-shop', version: '1.0.0', private: true, type: 'module' }),
    'look.json': json(LOOKS[branch]),
    'index.html': SHOP_PAGE,
    'server.mjs': SHOP_SERVER,
  });
}

/** The API. */
export async function writeApi(dir: string): Promise<void> {
  await writeFiles(dir, {
    'package.json': json({ name: 'demo-api', version: '1.0.0', private: true, type: 'module' }),
    'server.mjs': API_SERVER,
  });
}

async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dir, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(dir, name), text)));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
