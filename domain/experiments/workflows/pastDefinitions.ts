import { Clock, Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { environments, flags, holdouts, production, segments } from "../../../ports/experiments/Flag.ts"
import type { Environment, Flag, Holdout, Segment } from "../../../ports/experiments/Flag.ts"
import { qaOverrides } from "../../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../../ports/experiments/QaOverride.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { parseInstant } from "../../zones/instant.ts"
import { snapshotOf } from "../FlagSnapshots.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { definitionHistory } from "./liveDefinitions.ts"
import type { PastDefinition } from "./liveDefinitions.ts"

const refuse = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail, errors: [{ pointer, code, detail }] })

/** The instant that `at` names, in ms UTC: not one to come. */
export const pastInstant = Effect.fnUntraced(function* (at: string) {
  const millis = parseInstant(at)
  if (millis === undefined) {
    return yield* refuse("/at", "not_an_instant", "must be an ISO 8601 date and time with offset")
  }
  if (millis > (yield* Clock.currentTimeMillis)) return yield* refuse("/at", "in_future", "must not lie in the future")
  return millis
})

/** An environment as its definitions stood at an instant, that one included; erased people are not in it any more. */
export const pastSnapshot = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string, at: number) {
  const { definitions, environments: known } = yield* definitionsAt(workspace, at)
  if (!known.includes(environment)) {
    const detail = `there was no environment ${environment}`
    return yield* refuse("/environment", "unknown_environment", detail)
  }
  return snapshotOf(definitions, environment, 0)
})

const definitionsAt = Effect.fnUntraced(function* (workspace: WorkspaceId, at: number) {
  const latest = yield* latestAt(workspace, at)
  if (latest.size === 0) return yield* refuse("/at", "before_history", "nothing was defined at that time")
  const standing = [...latest.values()].filter(({ item }) => item !== null)
  const of = <Item>({ name }: { readonly name: string }) =>
    standing.filter(({ kind }) => kind === name).map(({ item }) => item as Item)
  const definitions: Definitions = {
    flags: of<Flag>(flags),
    segments: of<Segment>(segments),
    holdouts: of<Holdout>(holdouts),
    experiments: of<Experiment>(experiments),
    overrides: of<QaOverride>(qaOverrides)
  }
  return { definitions, environments: [production, ...of<Environment>(environments).map(({ key }) => key)] }
})

/** The last change of every definition up to an instant; between pages others have their turn. */
const latestAt = Effect.fnUntraced(function* (workspace: WorkspaceId, at: number) {
  const documents = yield* DocumentStore
  const latest = new Map<string, PastDefinition>()
  const changes = { workspace, collection: definitionHistory.name, index: "by_time", equals: [], range: { to: at + 1 } }
  let cursor: string | undefined
  do {
    const page = yield* Effect.catchTag(
      documents.list({ ...changes, limit: listLimitMax, cursor }),
      "InvalidCursor",
      Effect.die
    )
    for (const { data } of page.items) {
      const past = data as PastDefinition
      latest.set(`${past.kind}/${past.id}`, past)
    }
    cursor = page.next
    yield* Effect.yieldNow
  } while (cursor !== undefined)
  return latest
})
