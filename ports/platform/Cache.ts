import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

export const cacheValueBytesMax = 1024 * 1024

/** Expiring strings. May forget anything at any time; never answers a value past its time or another key's. */
export class Cache extends Context.Service<
  Cache,
  {
    readonly get: (key: string) => Effect.Effect<string | undefined, PortFailure>
    readonly set: (key: string, value: string, ttlMillis: number) => Effect.Effect<void, PortFailure>
    readonly remove: (key: string) => Effect.Effect<void, PortFailure>
  }
>()("ports/platform/Cache") {}
