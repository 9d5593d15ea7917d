/** The same measurement of several targets, in turns, and the table of it: medians, and ratios taken within a round. */
import { median, medianRatio, short, table } from '../discovery/figures.ts';
import type { Target } from './target.ts';

/** One column of figures, and whose figures others are divided by. */
export interface Column<Figures> {
  head: string;
  figure: keyof Figures;
  /** Further columns: this figure divided by that of the named target. */
  ratiosTo?: readonly string[];
}

/** The reference is measured a second time in each round: how far it is from itself is the noise. */
export const REFERENCE = 'nginx';

/** A B C A, A B C A, ...; the first of all is thrown away, since it warms up. @returns a table in markdown */
export async function rounds<Figures>(
  targets: readonly Target[],
  count: number,
  columns: readonly Column<Figures>[],
  measure: (target: Target) => Promise<Figures>,
): Promise<string> {
  const found = new Map<string, Figures[]>();
  for (let round = -1; round < count; round++) {
    const again = targets
      .filter(({ name }) => name === REFERENCE)
      .map((target) => ({ ...target, name: `${REFERENCE} again` }));
    for (const target of [...targets, ...again]) {
      const figures = await measure(target);
      if (round >= 0) found.set(target.name, [...(found.get(target.name) ?? []), figures]);
    }
  }
  return tableOf(found, columns);
}

function tableOf<Figures>(found: ReadonlyMap<string, Figures[]>, columns: readonly Column<Figures>[]): string {
  const head = columns.flatMap(({ head, ratiosTo = [] }) => [head, ...ratiosTo.map((name) => `to ${name}`)]);
  const rows = [...found].map(([name, figures]) => [
    name,
    ...columns.flatMap(({ figure, ratiosTo = [] }) => {
      const values = valuesOf(figures, figure);
      const ratios = ratiosTo.map((other) => medianRatio(values, valuesOf(found.get(other) ?? [], figure)).toFixed(2));
      return [short(median(values)), ...ratios];
    }),
  ]);
  return table(['', ...head], rows);
}

function valuesOf<Figures>(figures: readonly Figures[], figure: keyof Figures): number[] {
  return figures.map((one) => Number(one[figure]));
}
