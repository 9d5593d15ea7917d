/**
 * Node's own HTTP parser, the one below node:http, with its strict rules. It is no documented API, so its shape is
 * looked at before it is used; where a Node has another one, requests go by undici as a whole.
 */

/** Told of an answer, piece by piece. None of them may throw. */
export interface ResponseParserEvents {
  begin(): void;
  /**
   * Headers are flat, latin1.
   * @returns {@link WITH_BODY} or {@link WITHOUT_BODY}
   */
  head(status: number, message: string, headers: string[], isUpgrade: boolean, keepsAlive: boolean): number;
  /** The piece is a copy: the caller may use its buffer again. */
  body(piece: Buffer): void;
  end(trailers: string[]): void;
}

/** What the head says about the body counts. */
export const WITH_BODY = 0;
/** No body follows, whatever the head says (RFC 9112 section 6.3). */
export const WITHOUT_BODY = 1;

/** Reads the answers of one connection. */
export interface ResponseParser {
  /** @returns an Error with a code (`HPE_...`) for what is no HTTP; the parser is of no use any more */
  execute(bytes: Buffer): number | Error;
  /** The same for bytes of a body that the caller passes on itself: they are read, but not copied and not told of. */
  skim(bytes: Buffer): number | Error;
  /** The connection ended. @returns an Error when that was in the middle of an answer */
  finish(): unknown;
  /** Not to be called from within an event. */
  close(): void;
}

/** The class as it is in Node 24 to 26. */
interface NodeParser {
  new (): Omit<ResponseParser, 'skim'> & {
    initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
    [event: number]: unknown;
  };
  RESPONSE: number;
  kOnMessageBegin: number;
  kOnHeaders: number;
  kOnHeadersComplete: number;
  kOnBody: number;
  kOnMessageComplete: number;
}

const NUMBERS = [
  'RESPONSE',
  'kOnMessageBegin',
  'kOnHeaders',
  'kOnHeadersComplete',
  'kOnBody',
  'kOnMessageComplete',
] as const;

const NODE_PARSER = findParser();

function findParser(): NodeParser | undefined {
  const found = process.getBuiltinModule('_http_common') as { HTTPParser?: NodeParser } | undefined;
  const parser = found?.HTTPParser;
  return parser && NUMBERS.every((name) => typeof parser[name] === 'number') ? parser : undefined;
}

/** A strict parser for one connection. @param maxHeadBytes longest response head */
export function responseParser(maxHeadBytes: number, events: ResponseParserEvents): ResponseParser {
  if (NODE_PARSER === undefined) throw new Error('This Node has no such parser');
  const parser = new NODE_PARSER();
  parser.initialize(NODE_PARSER.RESPONSE, {}, maxHeadBytes, 0);
  // Heads of more than 32 fields come in parts, and so do trailers.
  let parts: string[] = [];
  const taken = (): string[] => {
    const all = parts;
    parts = [];
    return all;
  };
  parser[NODE_PARSER.kOnMessageBegin] = () => events.begin();
  parser[NODE_PARSER.kOnHeaders] = (fields: string[]) => {
    parts = parts.length === 0 ? fields : [...parts, ...fields];
  };
  parser[NODE_PARSER.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    fields: string[] | undefined,
    _method: unknown,
    _url: unknown,
    status: number,
    message: string,
    isUpgrade: boolean,
    keepsAlive: boolean,
  ) => events.head(status, message, fields ?? taken(), isUpgrade, keepsAlive);
  const { kOnBody } = NODE_PARSER;
  const onBody = (piece: Buffer): void => events.body(piece);
  parser[kOnBody] = onBody;
  parser[NODE_PARSER.kOnMessageComplete] = () => events.end(parts.length === 0 ? parts : taken());
  const skim = (bytes: Buffer): number | Error => {
    // Without a listener nothing is copied for it.
    parser[kOnBody] = undefined;
    const result = parser.execute(bytes);
    parser[kOnBody] = onBody;
    return result;
  };
  return Object.assign(parser, { skim });
}

/** Is there such a parser in this Node, and does it do what we count on? */
export const HAS_RESPONSE_PARSER = NODE_PARSER !== undefined && readsSample();

/** Three answers in a row, the first with as many fields as come in parts, and a trailer; the body of the last is skimmed. */
function readsSample(): boolean {
  const fields = Array.from({ length: 40 }, (_, i) => `A${i}: ${i}\r\n`).join('');
  const first = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields}\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n`;
  const bytes = Buffer.from(`${first}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na`);
  const rest = Buffer.from('bcdHTTP/1.1 204 None\r\nConnection: close\r\n\r\n');
  const seen: string[] = [];
  let isCopy = false;
  try {
    const parser = responseParser(64 * 1024, {
      begin: () => seen.push('begin'),
      head: (status, message, headers, isUpgrade, keepsAlive) => {
        seen.push(`${status} ${message} ${headers.length} ${isUpgrade} ${keepsAlive}`);
        return WITH_BODY;
      },
      body: (piece) => {
        seen.push(piece.toString());
        isCopy = piece.buffer !== bytes.buffer;
      },
      end: (trailers) => seen.push(`end ${trailers.join(' ')}`),
    });
    const isRead = parser.execute(bytes) === bytes.length && parser.skim(rest) === rest.length;
    parser.close();
    const first = 'begin|200 OK 82 false true|ab|end T 1|begin|200 OK 2 false true|a|end |';
    return isCopy && isRead && seen.join('|') === `${first}begin|204 None 2 false false|end `;
  } catch {
    return false;
  }
}
