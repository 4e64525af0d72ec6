/** Lower and upper end. */
export type Interval = readonly [low: number, high: number]

/** Centre ± reach. */
export const intervalAround = (centre: number, reach: number): Interval => [centre - reach, centre + reach]

/** Whether the value lies strictly outside. */
export const excludes = ([low, high]: Interval, value: number): boolean => low > value || high < value
