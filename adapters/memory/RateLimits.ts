import { Effect, Layer } from "effect"
import { RateLimits } from "../../ports/platform/RateLimits.ts"
import type { RateDecision } from "../../ports/platform/RateLimits.ts"

/** Windows held at once; when full, finished ones are dropped, and if none is, the oldest. */
export const windowsMax = 100_000

/** Windows looked at to make room for a new one: a flood of new keys must not make each of them dear. */
const looksMax = 8

interface Window {
  readonly endsAt: number
  used: number
}

/** Counters of this one process. */
export const layer: Layer.Layer<RateLimits> = Layer.sync(RateLimits, () => {
  const windows = new Map<string, Window>()

  const makeRoom = (now: number) => {
    let looks = 0
    for (const [key, window] of windows) {
      if (window.endsAt > now || (looks += 1) > looksMax) break
      windows.delete(key)
    }
    if (windows.size >= windowsMax) windows.delete(windows.keys().next().value!)
  }

  const windowOf = (key: string, now: number, windowMillis: number): Window => {
    const open = windows.get(key)
    if (open !== undefined && open.endsAt > now) return open
    // A new window goes to the end of the map, so that the oldest stand first.
    if (open !== undefined) windows.delete(key)
    else if (windows.size >= windowsMax) makeRoom(now)
    const fresh: Window = { endsAt: now - (now % windowMillis) + windowMillis, used: 0 }
    windows.set(key, fresh)
    return fresh
  }

  return RateLimits.of({
    take: ({ cost, key, limit, nowMillis, windowMillis }) => {
      const window = windowOf(key, nowMillis, windowMillis)
      const allowed = window.used + cost <= limit
      if (allowed) window.used += cost
      const decision: RateDecision = {
        allowed,
        limit,
        remaining: Math.max(0, limit - window.used),
        resetMillis: window.endsAt - nowMillis
      }
      return Effect.succeed(decision)
    }
  })
})
