import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { StaleWatermark } from "../../../ports/analytics/StaleWatermark.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { definitionsIn, revisionsText } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"
import { restingOn } from "./pastDefinitions.ts"

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
 * names, and with definitions, settings and rates as they stood, so that the same question has the same bytes. Where a
 * revision of these is not kept any more, a rate from before was set right or a field became personal data, it cannot be had.
 */
export const askAt = <A, E, R>(
  workspace: WorkspaceId,
  watermark: string | undefined,
  question: Effect.Effect<A, E, R>,
  watermarkOf: (answer: A) => string | null,
  pointer = "/watermark"
): Effect.Effect<A, E | Refused | PortFailure, R | DocumentStore | EventStore | ExchangeRates | SettingsSource> =>
  watermark === undefined
    ? question
    : Effect.gen(function* () {
        const store = yield* EventStore
        const refuse = refuser(pointer)
        const past = yield* Effect.catchTag(store.asOf(workspace, watermark), "StaleWatermark", (stale) =>
          refusalOf(stale, refuse)
        )
        const { revisions, ...reads } = past
        const answer = yield* restingOn(
          workspace,
          definitionsIn(revisions),
          Effect.provideService(question, EventStore, { ...store, ...reads })
        )
        if (watermarkOf(answer) === watermark) return answer
        const detail = "settings, exchange rates or definitions that the answer rests on have changed since"
        return yield* refuse("gone", "definitions_changed", detail)
      })

/**
 * The watermark of answers that are given together: it also carries what decided that they are these. `null` where they
 * are of more than one state, so that nobody can have all of them again.
 */
export const watermarkOver = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  watermarks: ReadonlyArray<string>,
  definitions: ReadonlyArray<DefinitionRevision>
) {
  const store = yield* EventStore
  const carried = [...definitions]
  const states = new Set<string>()
  const over: Array<Effect.Success<ReturnType<typeof store.asOf>>> = []
  for (const each of new Set(watermarks)) {
    const past = yield* Effect.catchTag(store.asOf(workspace, each), "StaleWatermark", () => Effect.void)
    if (past === undefined) return null
    carried.push(...definitionsIn(past.revisions))
    states.add(yield* past.watermark(workspace, ""))
    over.push(past)
  }
  const [reads] = over
  if (reads === undefined || states.size > 1) return null
  return yield* reads.watermark(workspace, revisionsText(hashValue(watermarks), carried))
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
