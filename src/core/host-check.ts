/** Dev servers that refuse names which they were not told of. */

/** Those whose refusal is recognised. */
export const HOST_CHECKERS = ['vite', 'webpack', 'django', 'rails'] as const;
/** See {@link HOST_CHECKERS}. */
export type HostChecker = (typeof HOST_CHECKERS)[number];
