import { PassThrough } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RequestBody } from './request-body.ts';

it('a body whose client has left is an error that nobody needs to listen to', async () => {
  const source = new PassThrough();
  source.destroy();
  await nextRound();
  const body = new RequestBody(source, () => {});
  body.read(0);
  await nextRound();
  expect(body.errored?.message).toMatch(/client left/);
});
