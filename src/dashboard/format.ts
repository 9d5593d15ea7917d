/** Figures and times as people read them. Pure. */

/** `0.4 ms`, `38 ms`, `1.24 s`, `2 min 5 s`; a dash where there is none. */
export function formatMs(timeMs: number | null | undefined): string {
  if (timeMs === null || timeMs === undefined) return '–';
  if (timeMs < 10) return `${Math.round(timeMs * 10) / 10} ms`;
  if (timeMs < 1_000) return `${Math.round(timeMs)} ms`;
  if (timeMs < 60_000) return `${(timeMs / 1_000).toFixed(2)} s`;
  return `${Math.floor(timeMs / 60_000)} min ${Math.round((timeMs % 60_000) / 1_000)} s`;
}

/** `0 B`, `1.2 kB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1,204`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** `1 request`, `2 requests`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `14:03:09`, in the browser's time zone. */
export function formatClock(time: string | number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${counted(Math.floor(seconds / 86_400), 'day')} ago`;
}

/** 0..1 as `86 %`. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Cost in the server's currency: four places, since a call costs fractions of a cent. */
export function formatCost(cost: number): string {
  return cost === 0 ? '0' : cost.toFixed(cost < 0.01 ? 5 : 3);
}

/** Last part of a path, with its parent: `…/code/shop`. */
export function shortPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join('/')}`;
}
