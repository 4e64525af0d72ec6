/**
 * A long computation in short pieces: each `next()` runs for about a millisecond, save where a list has to be read or
 * sorted as a whole; the last one returns the result. Whoever drives it decides how often to let others run, and may
 * stop early.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>

/** All the pieces in one go. */
export const runToEnd = <Result>(steps: Steps<Result>): Result => {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
