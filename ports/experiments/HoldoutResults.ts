/** Metrics that a holdout is judged by at once. */
export const holdoutMetricsMax = 20
