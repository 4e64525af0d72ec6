import type { Effect } from "effect"
import { Context } from "effect"
import type { Commit, InvalidCursor } from "../documents/DocumentStore.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

export interface DeadLetter {
  readonly id: string
  readonly consumer: string
  /** Closed set of the consumer, for example `malformed_line`. */
  readonly reason: string
  readonly detail: string
  /** The line as the consumer met it. */
  readonly line: string
  /** ms UTC */
  readonly failed_at: number
  readonly attempts: number
  /** When its line went back into the log; absent while it waits. */
  readonly redriven_at?: number
}

export interface RevisedLetter {
  readonly letter: DeadLetter
  readonly revision: number
}

/** How long a redriven letter is kept, to be looked at. */
export const redrivenKeptMillis = 7 * 86_400_000

/**
 * Lines that a consumer could not take, kept until they are removed, or a while longer than they are redriven.
 *
 * `add` is idempotent by id; a letter whose line was redriven and failed again waits once more, with one attempt more.
 * To redrive: `claim`, append the line to the log, `settle`. A line goes to the log once however often it is asked; twice
 * only where the process ended between the two, after the claim has run out.
 */
export class DeadLetters extends Context.Service<
  DeadLetters,
  {
    readonly add: (workspace: WorkspaceId, letters: ReadonlyArray<DeadLetter>) => Effect.Effect<void, PortFailure>
    /** Newest failure first. */
    readonly list: (request: {
      readonly workspace: WorkspaceId
      readonly state: "waiting" | "redriven"
      readonly consumer?: string | undefined
      readonly reason?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<DeadLetter>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
    readonly get: (workspace: WorkspaceId, id: string) => Effect.Effect<RevisedLetter | undefined, PortFailure>
    /** Takes a waiting letter for the caller alone, until the time (ms UTC) or until it is settled. */
    readonly claim: (
      workspace: WorkspaceId,
      id: string,
      untilMillis: number
    ) => Effect.Effect<RevisedLetter | "missing" | "claimed" | "redriven", PortFailure>
    /** Marks a claimed letter as redriven, or with `undefined` lets it wait again; not where it has failed anew since. */
    readonly settle: (
      workspace: WorkspaceId,
      claimed: RevisedLetter,
      redrivenAt: number | undefined
    ) => Effect.Effect<void, PortFailure>
    /** With records of who did so both are durable or neither, and the ids as many as one commit takes. */
    readonly remove: (
      workspace: WorkspaceId,
      ids: ReadonlyArray<string>,
      audit?: Commit["audit"]
    ) => Effect.Effect<void, PortFailure>
  }
>()("ports/platform/DeadLetters") {}
