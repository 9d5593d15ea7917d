/** The upstream hung up: the error that tells of it, wherever it was noticed. */

/** As the system says it: whether such a request may be repeated is decided by the code. */
export function disconnected(): Error {
  return Object.assign(new Error('The upstream closed the connection'), { code: 'ECONNRESET' });
}
