/**
 * The only printer: results to stdout, messages to stderr. A reader that leaves (`| head`) ends the printing, never
 * the program.
 */

/** Where the program speaks. */
export interface Output {
  /** A result, to stdout, with a line break. */
  result(text: string): void;
  /** A message for the person, to stderr, with a line break. */
  message(text: string): void;
  /** Colours for stdout: on a terminal, unless NO_COLOR asks for none (https://no-color.org). */
  readonly colour: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number;
  /** Does a person sit at the terminal? */
  readonly interactive: boolean;
  /** Has the reader of results gone (`| head`)? Known after the next line at the earliest. */
  readonly readerLeft: boolean;
}

/** The streams to speak to. */
export interface OutputStreams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** Columns for what is read from a file or a pipe. */
const USUAL_WIDTH = 100;

/** Make the printer. Call it once: it listens for the errors of both streams. */
export function createOutput(streams: OutputStreams, env: Record<string, string | undefined>): Output {
  const result = quietWriter(streams.stdout);
  const message = quietWriter(streams.stderr);
  const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return {
    result: result.write,
    message: message.write,
    get readerLeft() {
      return !result.isOpen();
    },
    colour: streams.stdout.isTTY === true && !plain,
    // Some terminals say 0.
    width: streams.stdout.columns || USUAL_WIDTH,
    interactive: streams.stderr.isTTY === true,
  };
}

/** EPIPE (the reader left) and EIO (the terminal is gone) come as events; after one of them nothing more is written. */
function quietWriter(stream: NodeJS.WriteStream): { write: (text: string) => void; isOpen: () => boolean } {
  let isOpen = true;
  stream.on('error', () => {
    isOpen = false;
  });
  return {
    write: (text) => {
      if (isOpen) stream.write(`${text}\n`);
    },
    isOpen: () => isOpen,
  };
}
