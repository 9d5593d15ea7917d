/** What the first decision runs once it is made, run for nobody: compiled in a request it would hold that one up. */
import { candidatePorts, candidatesOf, type Snapshot } from '../core/service.ts';
import { locate } from '../routes/locate.ts';
import { mappingFor } from '../routes/make-mapping.ts';
import { rivalDigests, rivalsOf } from './rivals.ts';

/** Make a mapping of any service and find it again. Stores nothing. */
export function rehearseMapping(snapshot: Snapshot): void {
  const [service] = candidatesOf(snapshot);
  const port = service && candidatePorts(service)[0];
  if (!service || port === undefined) return;
  const mapping = mappingFor(service, port, { source: 'name', reason: '', confidence: 1, snapshot });
  mapping.rivals = rivalDigests(rivalsOf('warm-up', service, [], snapshot));
  locate(mapping, snapshot);
}
