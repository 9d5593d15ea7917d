/** An app that is running did not answer a request: what people are told of it. */

/** What went wrong with it; decides what may help. */
export type FailureKind =
  | 'refused'
  | 'timeout'
  | 'hung-up'
  | 'never-answered'
  | 'not-http'
  | 'silent'
  | 'changed'
  | 'other';

/** See the file's header. Names and ports only: it is shown on the app's own hostname. */
export interface Failure {
  /** As asked for. */
  hostname: string;
  /** The service, by name. */
  label: string;
  port: number;
  status: number;
  kind: FailureKind;
  /** What it did, in one sentence. */
  detail: string;
  /** How often it was tried. */
  attempts: number;
}
