import { monitorEventLoopDelay } from "node:perf_hooks"

const resolutionMillis = 10
/** Delays are shown over a time of this length at the most. */
const windowMillis = 60_000

export interface EventLoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** How late timers were within the last minute, in seconds. */
export const watchEventLoop = (now: () => number) => {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMillis })
  histogram.enable()
  let begun = now()
  let shown: EventLoopDelay = { p50: 0, p99: 0, max: 0 }
  const late = (nanos: number) => Math.max(0, nanos / 1e9 - resolutionMillis / 1000)
  return {
    read: (): EventLoopDelay => {
      if (histogram.count > 0) {
        shown = {
          p50: late(histogram.percentile(50)),
          p99: late(histogram.percentile(99)),
          max: late(histogram.max)
        }
      }
      if (now() - begun >= windowMillis) {
        histogram.reset()
        begun = now()
      }
      return shown
    },
    stop: () => void histogram.disable()
  }
}
