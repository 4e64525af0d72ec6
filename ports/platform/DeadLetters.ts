import type { Effect } from "effect"
import { Context } from "effect"
import type { InvalidCursor } from "../documents/DocumentStore.ts"
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
}

/** Lines that a consumer could not take, kept until they are redriven or removed. `add` is idempotent by id. */
export class DeadLetters extends Context.Service<
  DeadLetters,
  {
    readonly add: (workspace: WorkspaceId, letters: ReadonlyArray<DeadLetter>) => Effect.Effect<void, PortFailure>
    readonly list: (request: {
      readonly workspace: WorkspaceId
      readonly consumer?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<DeadLetter>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
    readonly get: (workspace: WorkspaceId, id: string) => Effect.Effect<DeadLetter | undefined, PortFailure>
    readonly remove: (workspace: WorkspaceId, ids: ReadonlyArray<string>) => Effect.Effect<void, PortFailure>
  }
>()("ports/platform/DeadLetters") {}
