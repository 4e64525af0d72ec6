import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { StaleWatermark } from "../../../ports/analytics/StaleWatermark.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

const refuser = (pointer: string) => (kind: "bad-request" | "gone", code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

const refusalOf = ({ reason }: StaleWatermark, refuse: ReturnType<typeof refuser>): Refused => {
  switch (reason) {
    case "not_issued":
      return refuse("bad-request", "not_issued", "no answer of this workspace has borne such a watermark")
    case "erased":
      return refuse("gone", "erased", "data was erased since that watermark, and answers from before with it")
    case "built_anew":
      return refuse("gone", "built_anew", "the store was built anew since that watermark")
  }
}

/**
 * A question as it would have been answered at the watermark of an answer from before: with the same events, people and
 * names, so that the same question has the same bytes. Where settings, rates or definitions that it rests on have changed
 * since, it cannot be had any more.
 */
export const askAt = <A, E, R>(
  workspace: WorkspaceId,
  watermark: string | undefined,
  question: Effect.Effect<A, E, R>,
  watermarkOf: (answer: A) => string,
  pointer = "/watermark"
): Effect.Effect<A, E | Refused | PortFailure, R | EventStore> =>
  watermark === undefined
    ? question
    : Effect.gen(function* () {
        const store = yield* EventStore
        const refuse = refuser(pointer)
        const past = yield* Effect.catchTag(store.asOf(workspace, watermark), "StaleWatermark", (stale) =>
          refusalOf(stale, refuse)
        )
        const answer = yield* Effect.provideService(question, EventStore, { ...store, ...past })
        if (watermarkOf(answer) === watermark) return answer
        const detail = "settings, exchange rates or definitions that the answer rests on have changed since"
        return yield* refuse("gone", "definitions_changed", detail)
      })

/** Asked as of an answer that was given just now, so that both are of one state. */
export const askBeside = <A, E, R>(workspace: WorkspaceId, watermark: string, question: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const past = yield* readsBeside(workspace, watermark)
    return yield* Effect.provideService(question, EventStore, { ...store, ...past })
  })

/** The store as it was for an answer, for what else is said beside it; as it is, where that cannot be had any more. */
export const readsBeside = Effect.fnUntraced(function* (workspace: WorkspaceId, watermark: string) {
  const store = yield* EventStore
  return yield* Effect.catchTag(store.asOf(workspace, watermark), "StaleWatermark", () => Effect.succeed(store))
})
