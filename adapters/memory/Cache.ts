import { Clock, Effect, Layer } from "effect"
import { Cache, cacheValueBytesMax } from "../../ports/platform/Cache.ts"

/** Bytes held at once; the values longest unused go first. */
export const cacheBytesMax = 32 * 1024 * 1024

/** What an entry takes beside its key and value. */
const entryBytes = 100

/** Values of this one process. */
export const layer: Layer.Layer<Cache> = Layer.sync(Cache, () => {
  const values = new Map<string, { readonly value: string; readonly endsAt: number }>()
  let bytes = 0

  const sizeOf = (key: string, value: string): number => key.length + value.length + entryBytes

  const drop = (key: string) => {
    const held = values.get(key)
    if (held === undefined) return
    bytes -= sizeOf(key, held.value)
    values.delete(key)
  }

  return Cache.of({
    get: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const held = values.get(key)
        if (held === undefined) return undefined
        drop(key)
        if (held.endsAt <= now) return undefined
        bytes += sizeOf(key, held.value)
        values.set(key, held)
        return held.value
      }),
    set: (key, value, ttlMillis) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        drop(key)
        if (value.length > cacheValueBytesMax) return
        bytes += sizeOf(key, value)
        values.set(key, { value, endsAt: now + ttlMillis })
        while (bytes > cacheBytesMax) drop(values.keys().next().value!)
      }),
    remove: (key) => Effect.sync(() => drop(key))
  })
})
