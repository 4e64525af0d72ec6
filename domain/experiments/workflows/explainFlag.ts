import { Effect } from "effect"
import type { EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { NewFlag } from "../../../ports/experiments/Flag.ts"
import type { ExplainRequest, FlagExplanation } from "../../../ports/experiments/FlagExplanation.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { snapshotFor, valueOf, withStored } from "./evaluateFlags.ts"
import type { FlagReader } from "./evaluateFlags.ts"
import { snapshotOf } from "../FlagSnapshots.ts"
import { forcedMistakes } from "../forcedMistakes.ts"
import { definitionsWith } from "./flags.ts"
import { experimentNamed, pastInstant, pastSnapshot } from "./pastDefinitions.ts"

/** What a flag gives a context and why, by the definitions of now or of an instant. Exposes nobody. */
export const explainFlag = Effect.fn("explainFlag")(function* (
  workspace: WorkspaceId,
  key: string,
  { context = {}, draft, environment = production, forced = {} }: ExplainRequest,
  at?: string
) {
  const asOf = at === undefined ? null : yield* pastInstant(at)
  if (draft !== undefined) yield* checkDraft(key, draft, asOf)
  const past = asOf === null ? undefined : yield* pastSnapshot(workspace, environment, asOf, named(key, forced))
  const snapshot =
    past !== undefined
      ? past.snapshot
      : draft !== undefined
        ? yield* draftSnapshot({ workspace }, environment, draft)
        : yield* snapshotFor({ workspace }, environment)
  // What was stored at another time is not known.
  const asked = { attributes: context, forced }
  const explained = snapshot.explain(key, asOf === null ? yield* withStored(workspace, snapshot, asked, [key]) : asked)
  if (explained === undefined) {
    const detail = asOf === null ? `there is no flag ${key}` : `there was no flag ${key} at that time`
    return yield* new Refused({ kind: "not-found", detail, errors: [] })
  }
  const errors = forcedMistakes(snapshot, forced)
  if (errors.length > 0) return yield* new Refused({ kind: "bad-request", detail: "there is nothing to force", errors })
  const answer: FlagExplanation = {
    ...valueOf(explained.evaluation, snapshot.revision),
    revision: asOf === null ? snapshot.revision : null,
    environment,
    as_of: asOf,
    trace: explained.trace,
    warnings: (past?.cohorts ?? []).map((cohort) => ({
      pointer: "/at",
      detail: `members of cohort ${cohort} are those of now`
    }))
  }
  return answer
})

type Forced = NonNullable<EvaluationContext["forced"]>

/** What is asked for by name. */
const named = (key: string, { experiments: arms = {}, flags: others = {} }: Forced) => [
  ...[key, ...Object.keys(others)].map((id) => ({ kind: flags.name, id })),
  ...Object.keys(arms).flatMap(experimentNamed)
]

/** A draft is of this flag and of now. */
export const checkDraft = Effect.fnUntraced(function* (key: string, draft: NewFlag, asOf: number | null) {
  const refuse = (pointer: string, code: string, detail: string) =>
    new Refused({ kind: "bad-request", detail, errors: [{ pointer, code, detail }] })
  if (asOf !== null) return yield* refuse("/draft", "in_past", "a draft is tried among what stands now")
  if (draft.key !== key) return yield* refuse("/draft/key", "immutable", `is ${key} and never changes`)
})

/** An environment as it would be with the draft. */
export const draftSnapshot = Effect.fnUntraced(function* (reader: FlagReader, environment: string, draft: NewFlag) {
  const { revision } = yield* snapshotFor(reader, environment)
  const { isMember } = yield* FlagSnapshots
  const definitions = yield* definitionsWith(reader.workspace, draft, "/draft")
  return snapshotOf(definitions, environment, revision, isMember(reader.workspace))
})
