import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { SortRange } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { environments, flags, holdouts, production, segments } from "../../../ports/experiments/Flag.ts"
import type { Flag, Holdout, Segment } from "../../../ports/experiments/Flag.ts"
import { qaOverrides } from "../../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../../ports/experiments/QaOverride.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { groupsNamed } from "../../targeting/checkCondition.ts"
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

/** A definition by its collection and id. */
interface Named {
  readonly kind: string
  readonly id: string
}

/**
 * What the named definitions rest on in an environment as they stood at an instant, that one included, ready for
 * evaluation; erased people are not in it any more. Each is read by its last change before the instant, so that a long
 * history costs no more than a short one. Whom cohorts held at that time is not kept: `cohorts` are those by whose members
 * of now it is evaluated.
 */
export const pastSnapshot = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  environment: string,
  at: number,
  named: ReadonlyArray<Named>
) {
  if (!(yield* anythingBy(workspace, at))) {
    return yield* refuse("/at", "before_history", "nothing was defined at that time")
  }
  const place = yield* asOf(workspace, { kind: environments.name, id: environment }, at)
  if (environment !== production && place === undefined) {
    const detail = `there was no environment ${environment}`
    return yield* refuse("/environment", "unknown_environment", detail)
  }
  // These name what they bind, and nothing names them.
  const binding: Array<Named> = []
  for (const { name: kind } of [holdouts, qaOverrides]) {
    for (const id of yield* idsOf(workspace, kind)) binding.push({ kind, id })
  }
  const { isMember } = yield* FlagSnapshots
  const definitions = yield* definitionsAt(workspace, at, [...named, ...binding])
  return {
    snapshot: snapshotOf(definitions, environment, 0, isMember(workspace)),
    cohorts: definitions.segments.flatMap(({ members }) => ("cohort" in members ? [members.cohort] : [])).toSorted()
  }
})

const anythingBy = Effect.fnUntraced(function* (workspace: WorkspaceId, at: number) {
  const { items } = yield* changes({ workspace, index: "by_time", equals: [], range: { to: at + 1 } })
  return items.length > 0
})

/** The definition at an instant; nothing where there was none, or no more. */
const asOf = Effect.fnUntraced(function* (workspace: WorkspaceId, { id, kind }: Named, at: number) {
  const { items } = yield* changes({ workspace, index: "by_definition", equals: [kind, id], range: { to: at + 1 } })
  const past = items[0]?.data as PastDefinition | undefined
  return past === undefined || past.item === null ? undefined : past.item
})

/** Of all definitions of a kind that there ever were: one read for each, however often it was changed. */
const idsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, kind: string) {
  const found: Array<string> = []
  let last: string | undefined
  for (;;) {
    // The smallest text behind the last id.
    const range = last === undefined ? {} : { from: `${last}\u0000` }
    const { items } = yield* changes({ workspace, index: "by_id", equals: [kind], range })
    if (items[0] === undefined) return found
    last = (items[0].data as PastDefinition).id
    found.push(last)
    yield* Effect.yieldNow
  }
})

/** The first of a list of changes. */
const changes = Effect.fnUntraced(function* (asked: {
  readonly workspace: WorkspaceId
  readonly index: string
  readonly equals: ReadonlyArray<string>
  readonly range: SortRange
}) {
  const documents = yield* DocumentStore
  const first = documents.list({ ...asked, collection: definitionHistory.name, limit: 1 })
  return yield* Effect.catchTag(first, "InvalidCursor", Effect.die)
})

/** The named definitions, and all that those name in turn. */
const definitionsAt = Effect.fnUntraced(function* (workspace: WorkspaceId, at: number, named: ReadonlyArray<Named>) {
  const found = new Map<string, { readonly kind: string; readonly item: unknown }>()
  const seen = new Set<string>()
  const open = [...named]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = `${next.kind}/${next.id}`
    if (seen.has(key)) continue
    seen.add(key)
    const item = yield* asOf(workspace, next, at)
    if (item === undefined) continue
    found.set(key, { kind: next.kind, item })
    open.push(...namedBy(next.kind, item))
    yield* Effect.yieldNow
  }
  const of = <Item>({ name }: { readonly name: string }) =>
    [...found.values()].filter(({ kind }) => kind === name).map(({ item }) => item as Item)
  const definitions: Definitions = {
    flags: of<Flag>(flags).filter(({ archived }) => archived === undefined),
    segments: of<Segment>(segments),
    holdouts: of<Holdout>(holdouts),
    experiments: of<Experiment>(experiments),
    overrides: of<QaOverride>(qaOverrides),
    releases: of<GuardedRelease>(releases).filter(({ status }) => status === "running")
  }
  return definitions
})

/** What a definition's evaluation may ask for. */
const namedBy = (kind: string, item: unknown): ReadonlyArray<Named> => {
  const groups = [...groupsNamed(item)].map((id) => ({ kind: segments.name, id }))
  if (kind === experiments.name) {
    const { prerequisites = [] } = item as Experiment
    return [...groups, ...prerequisites.map(({ flag: id }) => ({ kind: flags.name, id }))]
  }
  if (kind !== flags.name) return groups
  const places = Object.values((item as Flag).environments ?? {})
  const rules = places.flatMap(({ rules: each = [] }) => each)
  const gates = [...places, ...rules].flatMap(({ prerequisites = [] }) => prerequisites)
  return [
    ...groups,
    ...gates.map(({ flag: id }) => ({ kind: flags.name, id })),
    ...rules.flatMap(({ serve }) => ("experiment" in serve ? experimentNamed(serve.experiment) : []))
  ]
}

/** A guarded release is served, and forced, as an experiment is. */
export const experimentNamed = (id: string): ReadonlyArray<Named> =>
  [experiments.name, releases.name].map((kind) => ({ kind, id }))
