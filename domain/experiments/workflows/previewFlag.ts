import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { FlagPreview, PreviewRequest } from "../../../ports/experiments/FlagPreview.ts"
import type { FlagSnapshot } from "../../../ports/experiments/FlagSnapshots.ts"
import { RecentContexts } from "../../../ports/experiments/RecentContexts.ts"
import type { RecentContext } from "../../../ports/experiments/RecentContexts.ts"
import { StickyAssignments } from "../../../ports/experiments/StickyAssignments.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { idOf } from "../evaluation/Subject.ts"
import { comparePreview, isChanged } from "../preview/comparePreview.ts"
import type { PreviewPair } from "../preview/comparePreview.ts"
import { snapshotFor } from "./evaluateFlags.ts"
import type { FlagReader } from "./evaluateFlags.ts"
import { checkDraft, draftSnapshot } from "./explainFlag.ts"

/** Contexts between which others have their turn. */
const turnContexts = 20
const unitAttributes = ["user_id", "anonymous_id"] as const

interface Previewing extends FlagReader {
  readonly mayReadPersons: boolean
}

/** What a draft of a flag would change for the contexts that were evaluated last. */
export const previewFlag = Effect.fn("previewFlag")(function* (
  reader: Previewing,
  key: string,
  { draft, environment: asked, units }: PreviewRequest
) {
  const { workspace } = reader
  if (units !== undefined && units > 0 && !reader.mayReadPersons) {
    const detail = "units are named with the scope persons:read"
    const errors = [{ pointer: "/units", code: "forbidden", detail }]
    return yield* new Refused({ kind: "forbidden", detail, errors })
  }
  const stands = yield* snapshotFor(reader, asked)
  if (!stands.keys.includes(key)) {
    return yield* new Refused({ kind: "not-found", detail: `there is no flag ${key}`, errors: [] })
  }
  yield* checkDraft(key, draft, null)
  const { environment } = stands
  const drafted = yield* draftSnapshot(reader, environment, draft)
  const { contexts, isOfFlag } = yield* contextsOf(workspace, environment, key)
  const pairs: Array<PreviewPair> = []
  for (const [at, { attributes }] of contexts.entries()) {
    const stored = yield* storedFor(workspace, [stands, drafted], key, attributes)
    const context = { attributes, stored }
    pairs.push({ before: stands.evaluate(key, context), after: drafted.evaluate(key, context) })
    if (at % turnContexts === 0) yield* Effect.yieldNow
  }
  const answer: FlagPreview = {
    flag: key,
    environment,
    revision: stands.revision,
    contexts: contexts.length,
    contexts_of: isOfFlag ? "flag" : "environment",
    from: contexts[0]?.at ?? null,
    to: contexts.at(-1)?.at ?? null,
    ...comparePreview(pairs),
    ...(units === undefined ? {} : { units: changedUnits(contexts, pairs, units) })
  }
  return answer
})

/** Those for which the flag was evaluated, or all of the environment where there are none; without restricted people. */
const contextsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string, key: string) {
  const recent = (yield* RecentContexts).list(workspace, environment)
  const stored = yield* storedIds(workspace)
  const idsOf = ({ attributes }: RecentContext) =>
    unitAttributes.flatMap((name) => {
      const id = idOf(attributes, name)
      return id === undefined ? [] : [stored(id)]
    })
  const restricted = yield* (yield* EventStore).restrictedAmong(workspace, [...new Set(recent.flatMap(idsOf))])
  const all = recent.filter((context) => !idsOf(context).some((id) => restricted.has(id)))
  const own = all.filter(({ flags, inBulk }) => inBulk || flags.has(key))
  return own.length > 0 ? { contexts: own, isOfFlag: true } : { contexts: all, isOfFlag: false }
})

/** Variants that sticky experiments have kept for the units, by what stands or by the draft. */
const storedFor = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  snapshots: ReadonlyArray<FlagSnapshot>,
  key: string,
  attributes: RecentContext["attributes"]
) {
  const experiments = new Map(snapshots.flatMap((each) => each.sticky([key])).map((each) => [each.id, each]))
  if (experiments.size === 0) return {}
  return yield* (yield* StickyAssignments).load(workspace, [...experiments.values()], attributes)
})

const changedUnits = (
  contexts: ReadonlyArray<RecentContext>,
  pairs: ReadonlyArray<PreviewPair>,
  most: number
): NonNullable<FlagPreview["units"]> =>
  contexts
    .flatMap(({ attributes }, at) => {
      const unit_attribute = unitAttributes.find((name) => idOf(attributes, name) !== undefined)
      const pair = pairs[at]!
      if (unit_attribute === undefined || !isChanged(pair)) return []
      const { after, before } = pair
      const unit = idOf(attributes, unit_attribute)!
      return [{ unit, unit_attribute, before: before?.variant ?? null, after: after?.variant ?? null }]
    })
    .toReversed()
    .slice(0, most)
