/** One large body at a time, by curl; how much memory the proxy needs meanwhile. */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { NODE_HOST, type Target, WEB_HOST } from './target.ts';

const run = promisify(execFile);

/** What one transfer took. */
export interface TransferFigures {
  /** MB (10^6) per second. */
  perSecond: number;
  /** Processor time of the proxy for a GB (10^9 bytes), in ms. */
  cpuMsPerGb: number;
  /** Largest VmRSS meanwhile minus the one before. */
  rssGrowthMb: number;
}

/** See {@link TransferFigures}. @param largeFile sent up; the same is behind `/large` */
export async function transfer(
  { name, port, group }: Target,
  version: 'h1' | 'h2',
  direction: 'down' | 'up',
  { file, bytes }: { file: string; bytes: number },
): Promise<TransferFigures> {
  const host = direction === 'down' ? WEB_HOST : NODE_HOST;
  const url = `https://${host}:${port}/large`;
  const protocol = version === 'h1' ? '--http1.1' : '--http2';
  // Browsers send no `Expect`; curl would.
  const body = direction === 'up' ? ['-T', file, '-X', 'POST', '-H', 'Expect:'] : [];
  const told = '%{time_total} %{size_download} %{size_upload} %{http_code} %{http_version}';
  const common = ['-sS', '-k', '--max-time', '300', '--resolve', `${host}:${port}:127.0.0.1`, '-o', '/dev/null'];
  const before = { cpuMs: group.cpuMs(), rssMb: group.rssMb() };
  let peakMb = before.rssMb;
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      peakMb = Math.max(peakMb, group.rssMb());
      await delay(50);
    }
  })();
  const { stdout } = await run('curl', [...common, protocol, '-w', told, ...body, url]).finally(() => watch.abort());
  await watching;
  const [seconds = 0, down, up, status, used] = stdout.split(' ').map(Number);
  const moved = direction === 'down' ? down : up;
  if (status !== 200 || moved !== bytes || used !== (version === 'h1' ? 1.1 : 2)) {
    throw new Error(`${name}, ${version} ${direction}: curl says "${stdout}"`);
  }
  return {
    perSecond: bytes / 1e6 / seconds,
    cpuMsPerGb: (group.cpuMs() - before.cpuMs) / (bytes / 1e9),
    rssGrowthMb: peakMb - before.rssMb,
  };
}
