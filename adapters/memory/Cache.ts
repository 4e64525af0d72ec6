import { Clock, Effect, Layer } from "effect"
import { Cache, cacheValueBytesMax } from "../../ports/platform/Cache.ts"

/** Bytes held at once; in two generations: when the young one is full, the old one is forgotten whole. */
export const cacheBytesMax = 32 * 1024 * 1024

/** What an entry takes beside its key and value. */
const entryBytes = 100

/** Values of this one process. */
export const layer: Layer.Layer<Cache> = Layer.sync(Cache, () => {
  interface Held {
    readonly value: string
    readonly endsAt: number
  }
  let young = new Map<string, Held>()
  let old = new Map<string, Held>()
  let youngBytes = 0

  const hold = (key: string, held: Held) => {
    const bytes = key.length + held.value.length + entryBytes
    if (youngBytes + bytes > cacheBytesMax / 2) {
      old = young
      young = new Map()
      youngBytes = 0
    }
    young.set(key, held)
    youngBytes += bytes
  }

  const drop = (key: string) => {
    const held = young.get(key)
    if (held !== undefined) youngBytes -= key.length + held.value.length + entryBytes
    young.delete(key)
    old.delete(key)
  }

  return Cache.of({
    get: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const held = young.get(key) ?? old.get(key)
        if (held === undefined) return undefined
        if (held.endsAt <= now) {
          drop(key)
          return undefined
        }
        if (!young.has(key)) {
          old.delete(key)
          hold(key, held)
        }
        return held.value
      }),
    set: (key, value, ttlMillis) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        drop(key)
        if (value.length <= cacheValueBytesMax) hold(key, { value, endsAt: now + ttlMillis })
      }),
    remove: (key) => Effect.sync(() => drop(key))
  })
})
