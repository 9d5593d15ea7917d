/** What every check of `doctor` looks like. One file a check beside this one. */
import type { DoctorMachine } from './machine.ts';

/**
 * `ok` · `advice`: it works, and could be better or tells something · `problem`: what was asked for does not work ·
 * `unknown`: it could not be found out.
 */
export const STATES = ['ok', 'advice', 'problem', 'unknown'] as const;
/** One of {@link STATES}. */
export type FindingState = (typeof STATES)[number];

/** One line of the answer. */
export interface Finding {
  /** Stable, for programs: `port.https`, `trust.chromium`. */
  id: string;
  /** What was looked at, in a word or two. */
  title: string;
  state: FindingState;
  /** How it is, in one sentence without a full stop. */
  detail: string;
  /** The one shell line that mends it. */
  fix?: string;
}

/** A check. Looking changes nothing, but for a file that is removed again. */
export interface Check {
  /** Begins the ids of its findings, or is the one. */
  id: string;
  title: string;
  /** Time that it may take, ms; default {@link CHECK_TIMEOUT_MS}. */
  timeoutMs?: number;
  look(machine: DoctorMachine): Promise<Finding[]>;
}

/** Longer than every look that works, on a busy machine too. */
export const CHECK_TIMEOUT_MS = 10_000;
