import { Effect, Layer } from "effect"
import { RateLimits } from "../../ports/platform/RateLimits.ts"
import type { RateDecision } from "../../ports/platform/RateLimits.ts"

/**
 * Windows held at once, in two generations: when the young one is full it becomes the old one, which is forgotten
 * whole. A map that drops its first entry for every new one would search ever longer for the first.
 */
export const windowsMax = 100_000

interface Window {
  readonly endsAt: number
  used: number
}

/** Counters of this one process. */
export const layer: Layer.Layer<RateLimits> = Layer.sync(RateLimits, () => {
  let young = new Map<string, Window>()
  let old = new Map<string, Window>()

  const hold = (key: string, window: Window): Window => {
    if (young.size >= windowsMax / 2) {
      old = young
      young = new Map()
    }
    young.set(key, window)
    return window
  }

  const windowOf = (key: string, now: number, windowMillis: number): Window => {
    // A window that ends later than one that began now would is of a clock that was set back since.
    const lasts = ({ endsAt }: Window) => endsAt > now && endsAt <= now + windowMillis
    const current = young.get(key)
    if (current !== undefined && lasts(current)) return current
    const earlier = current === undefined ? old.get(key) : undefined
    if (earlier !== undefined && lasts(earlier)) return hold(key, earlier)
    return hold(key, { endsAt: now - (now % windowMillis) + windowMillis, used: 0 })
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
