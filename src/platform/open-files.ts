/** How many files and sockets this process may have open, after Node has raised its limit; undefined where nobody says. */
export function openFileLimit(): number | undefined {
  // Costs 3 ms: for the start, not for requests. Without the network it asks no resolver.
  // Not in @types/node yet.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  report.excludeNetwork = before === true;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
