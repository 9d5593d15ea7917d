/** How a route is: for the eye a tone, for everybody words. Pure. */
import type { RouteView } from '../api/wire.ts';

/** See the file's header. */
export interface Health {
  tone: 'good' | 'wait' | 'bad';
  /** Short; empty where all is well. */
  word: string;
  /** A sentence without a full stop. */
  words: string;
}

/** @param isFailing it runs, but answers nobody */
export function healthOf({ reach }: RouteView, isFailing: boolean): Health {
  if (reach.state !== 'up') {
    const isAway = reach.state === 'away';
    return { tone: isAway ? 'bad' : 'wait', word: isAway ? 'not running' : 'ambiguous', words: reach.detail };
  }
  const where = `reaches ${reach.label}, port ${reach.port}`;
  if (isFailing) return { tone: 'bad', word: 'no answer', words: `${where}, which does not answer` };
  return { tone: 'good', word: '', words: where };
}
