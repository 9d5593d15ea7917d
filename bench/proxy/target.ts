/** A proxy that is measured. */
import type { ProcessGroup } from './process-group.ts';

/** See the file's header. */
export interface Target {
  name: string;
  /** TLS on 127.0.0.1. */
  port: number;
  group: ProcessGroup;
  stop(): Promise<void>;
}

/** What every proxy is started with. */
export interface TargetParts {
  /** For configuration and data; removed at the end. */
  folder: string;
  /** Ports of the upstreams. */
  upstream: { web: number; node: number };
  /** Certificate for the hostnames and its key, PEM files. */
  cert: string;
  key: string;
  /** The processor to run on; undefined: any. */
  cpu: number | undefined;
}

/** Leads to the fast upstream: 1 KiB at `/1k`, a large file at `/large`. */
export const WEB_HOST = 'web.localhost';
/** Leads to the upstream that swallows bodies and echoes WebSocket messages. */
export const NODE_HOST = 'node.localhost';
