import type { Scope } from "effect"
import { Context, Effect } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** A value that is read when somebody looks: what changes often costs nothing in between. */
export interface ObservedGauge {
  readonly name: string
  readonly description: string
  /** `counter`: it only grows. */
  readonly type?: "gauge" | "counter"
  /** Values come from closed sets, never from data. */
  readonly labels?: Readonly<Record<string, string>>
  /** `undefined` where there is none at the moment. */
  readonly read: Effect.Effect<number | undefined, PortFailure>
}

/** Where parts of a process offer their gauges, and the metrics endpoint reads them. Unset, nobody looks. */
export interface Gauges {
  readonly observe: (gauge: ObservedGauge) => Effect.Effect<void, never, Scope.Scope>
  readonly read: () => ReadonlyArray<ObservedGauge>
}

export const Gauges: Context.Reference<Gauges> = Context.Reference<Gauges>("ports/platform/Gauges", {
  defaultValue: () => ({ observe: () => Effect.void, read: () => [] })
})

/** The gauges of this one process. */
export const makeGauges = (): Gauges => {
  const gauges = new Set<ObservedGauge>()
  return {
    observe: (gauge) =>
      Effect.acquireRelease(
        Effect.sync(() => gauges.add(gauge)),
        () => Effect.sync(() => gauges.delete(gauge))
      ),
    read: () => [...gauges]
  }
}
