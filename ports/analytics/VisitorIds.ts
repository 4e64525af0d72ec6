import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** What a request tells of a browser that keeps no id. Neither part is written anywhere. */
export interface Visitor {
  readonly workspace: string
  readonly ip: string
  readonly userAgent: string
}

/**
 * Ids for visitors without cookie or storage: a hash of the day's salt, the workspace, address and user agent. The same
 * visitor has another id on each UTC day, and once a salt is destroyed nobody can tell from an id whose it was. Only a
 * visit that goes on over midnight keeps the id of the day it began on.
 */
export class VisitorIds extends Context.Service<
  VisitorIds,
  {
    /** `undefined` where the day's salt is not at hand: then `load` it first. Remembers the visit. */
    readonly idOf: (visitor: Visitor, nowMillis: number) => string | undefined
    readonly load: (nowMillis: number) => Effect.Effect<void, PortFailure>
  }
>()("ports/analytics/VisitorIds") {}
