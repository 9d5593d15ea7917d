/**
 * A container's log as the engine sends it: plain with a terminal, else in frames of an eight-byte head (stream, three
 * zeros, length) and a piece of text. Pure.
 * @see https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerAttach
 */

const HEAD_BYTES = 8;

/** The text of it. What is cut off at either end is left out or shown as far as it goes. */
export function logText(bytes: Buffer): string {
  const start = firstFrame(bytes);
  if (start === undefined) return bytes.toString('utf8');
  const pieces: Buffer[] = [];
  let at = start;
  while (at + HEAD_BYTES <= bytes.length && isHead(bytes, at)) {
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 4);
    pieces.push(bytes.subarray(at + HEAD_BYTES, end));
    at = end;
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Where the first whole frame begins; undefined: there are none, so it is plain. */
function firstFrame(bytes: Buffer): number | undefined {
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at++) {
    if (!isHead(bytes, at)) continue;
    const next = at + HEAD_BYTES + bytes.readUInt32BE(at + 4);
    // Text holds no zeros; still, only what another frame or the end follows is believed.
    if (next >= bytes.length || isHead(bytes, next)) return at;
  }
  return undefined;
}

function isHead(bytes: Buffer, at: number): boolean {
  const stream = bytes[at];
  return (stream === 1 || stream === 2) && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0;
}
