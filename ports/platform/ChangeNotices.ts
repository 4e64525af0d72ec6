import type { Effect, Scope, Stream } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

export interface ChangeNotice {
  readonly workspace: WorkspaceId
  /** What changed, as `collection/id` or a topic of its own (`identity`). */
  readonly topic: string
  readonly revision: number
}

/** "This changed", to every process, in less than one second. May be lost: listeners also poll. Never holds data. */
export class ChangeNotices extends Context.Service<
  ChangeNotices,
  {
    readonly publish: (notice: ChangeNotice) => Effect.Effect<void, PortFailure>
    readonly listen: Effect.Effect<Stream.Stream<ChangeNotice, PortFailure>, PortFailure, Scope.Scope>
  }
>()("ports/platform/ChangeNotices") {}
