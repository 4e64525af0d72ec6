import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/**
 * Salts that visitors without an id are hashed with, one for each UTC day (counted from 1970-01-01), 32 random bytes.
 *
 * `getOrCreate` answers the day's salt once it is durable, to everybody the same. `destroyBefore` overwrites those of
 * earlier days; when it has ended nobody can find them out, and it may be called again where it failed. They are in no
 * backup.
 */
export class VisitorSalts extends Context.Service<
  VisitorSalts,
  {
    readonly getOrCreate: (day: number) => Effect.Effect<Uint8Array, PortFailure>
    readonly get: (day: number) => Effect.Effect<Uint8Array | undefined, PortFailure>
    readonly destroyBefore: (day: number) => Effect.Effect<void, PortFailure>
  }
>()("ports/privacy/VisitorSalts") {}
