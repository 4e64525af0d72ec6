import type { Scope } from "effect"
import { Context, Effect } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** Why a part is not well: what its last call failed of, a bug, or that it is behind. */
export type PartReason = PortFailure["reason"] | "defect" | "behind"

/**
 * How a part of the process fares.
 *
 * - `starting`: it cannot serve yet. Requests should go elsewhere.
 * - `degraded`: it serves, worse than it should. Requests may come.
 * - `down`: it does not serve. Requests should go elsewhere.
 */
export interface PartState {
  readonly status: "ok" | "starting" | "degraded" | "down"
  readonly reason?: PartReason | undefined
  /** Since when it has been so, ms UTC, where the part itself knows. */
  readonly since?: number | undefined
}

export interface WatchedPart extends PartState {
  readonly name: string
}

/** Where the parts of a process say how they are, and health reads it. Unset, nobody looks. */
export interface PartStates {
  /** For as long as the scope lasts, `read` is asked whenever somebody wants to know. */
  readonly watch: (name: string, read: () => PartState) => Effect.Effect<void, never, Scope.Scope>
  readonly read: () => ReadonlyArray<WatchedPart>
}

export const PartStates: Context.Reference<PartStates> = Context.Reference<PartStates>("ports/platform/PartStates", {
  defaultValue: () => ({ watch: () => Effect.void, read: () => [] })
})

/** A part that is as well as the last of its writes: it says so until one succeeds again. */
export class LastWrite {
  #failing: { readonly reason: PartReason; readonly since: number } | undefined

  note(failure: PortFailure | undefined, now: number): void {
    if (failure === undefined) this.#failing = undefined
    else this.#failing = { reason: failure.reason, since: this.#failing?.since ?? now }
  }

  readonly read = (): PartState =>
    this.#failing === undefined ? { status: "ok" } : { status: "degraded", ...this.#failing }
}

/** The parts of this one process. */
export const makePartStates = (): PartStates => {
  const parts = new Map<string, () => PartState>()
  return {
    watch: (name, read) =>
      Effect.acquireRelease(
        Effect.sync(() => parts.set(name, read)),
        () => Effect.sync(() => parts.get(name) === read && parts.delete(name))
      ),
    read: () => [...parts].map(([name, read]) => ({ name, ...read() }))
  }
}
