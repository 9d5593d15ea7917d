/** How many files and sockets this process may have open, after Node has raised its limit; undefined where nobody says. */
import { readFileSync } from 'node:fs';

/** See the file's header. For the start, not for requests: it costs up to 3 ms. */
export function openFileLimit(): number | undefined {
  return kernelLimit() ?? reportedLimit();
}

/** As Linux says it, in a thirtieth of the time that a report takes. */
function kernelLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

function reportedLimit(): number | undefined {
  // Without the network it asks no resolver. Not in @types/node yet.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  report.excludeNetwork = before === true;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
