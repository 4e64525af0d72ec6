import { Clock, Effect, Layer } from "effect"
import { Cache, cacheValueBytesMax } from "../../ports/platform/Cache.ts"

/** Bytes held at once; the values longest unused go first. */
export const cacheBytesMax = 32 * 1024 * 1024

/** Values of this one process. */
export const layer: Layer.Layer<Cache> = Layer.sync(Cache, () => {
  const values = new Map<string, { readonly value: string; readonly endsAt: number }>()
  let bytes = 0

  const drop = (key: string) => {
    const held = values.get(key)
    if (held === undefined) return
    bytes -= key.length + held.value.length
    values.delete(key)
  }

  return Cache.of({
    get: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const held = values.get(key)
        if (held === undefined) return undefined
        drop(key)
        if (held.endsAt <= now) return undefined
        bytes += key.length + held.value.length
        values.set(key, held)
        return held.value
      }),
    set: (key, value, ttlMillis) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        drop(key)
        if (value.length > cacheValueBytesMax) return
        bytes += key.length + value.length
        values.set(key, { value, endsAt: now + ttlMillis })
        while (bytes > cacheBytesMax) drop(values.keys().next().value!)
      }),
    remove: (key) => Effect.sync(() => drop(key))
  })
})
