/** Reasons for noise that more than one part knows. Apart from service.ts: the scan thread starts without its schemas. */

/** Reason for noise of every hostwise, this one or another: a route to it would only lead back here. */
export const NOISE_HOSTWISE = 'hostwise itself';
