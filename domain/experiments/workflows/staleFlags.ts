import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { codeReferences } from "../../../ports/experiments/CodeReference.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { environments, flags, holdouts, production } from "../../../ports/experiments/Flag.ts"
import type { Environment, Flag, Holdout } from "../../../ports/experiments/Flag.ts"
import { flagUsage } from "../../../ports/experiments/FlagUsage.ts"
import type { UsageOfHour } from "../../../ports/experiments/FlagUsage.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems, listItems, readItem } from "../../platform/resources.ts"
import { stalenessOf } from "../staleness/stalenessOf.ts"
import type { Surroundings } from "../staleness/stalenessOf.ts"
import { runningReleases } from "./liveDefinitions.ts"

/** What flags are looked at with. */
const lookAround = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const surroundings: Surroundings = {
    experiments: yield* gatherItems(experiments, workspace, (each: Experiment) => [each]),
    holdouts: yield* gatherItems(holdouts, workspace, (each: Holdout) => [each]),
    releases: yield* runningReleases(workspace)
  }
  const others = yield* gatherItems(environments, workspace, ({ key }: Environment) => [key])
  return { surroundings, known: [production, ...others] }
})

/** Begin of the last hour in which a flag was evaluated, in any environment. */
const lastEvaluated = Effect.fnUntraced(function* (workspace: WorkspaceId, flag: string, known: ReadonlyArray<string>) {
  const documents = yield* DocumentStore
  let last: number | null = null
  for (const environment of known) {
    const by = { workspace, collection: flagUsage.name, index: "by_latest", equals: [environment, flag], limit: 1 }
    const { items } = yield* Effect.catchTag(documents.list(by), "InvalidCursor", Effect.die)
    const hour = (items[0]?.data as UsageOfHour | undefined)?.hour
    if (hour !== undefined) last = Math.max(last ?? 0, hour)
  }
  return last
})

const lookAt = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  flag: Flag,
  { known, surroundings }: Effect.Success<ReturnType<typeof lookAround>>
) {
  const documents = yield* DocumentStore
  const evaluatedAt = yield* lastEvaluated(workspace, flag.key, known)
  const by = { workspace, collection: codeReferences.name, index: "by_flag", equals: [flag.key] }
  const codeBranches = yield* documents.count(by)
  return stalenessOf(flag, surroundings, { evaluatedAt, codeBranches }, yield* Clock.currentTimeMillis)
})

/** Stale flags of one page of all flags, newest first; a page may have fewer than asked for, or none. */
export const listStaleFlags = Effect.fn("listStaleFlags")(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const { items, next } = yield* listItems<Flag>(flags, workspace, limit, cursor)
  const around = yield* lookAround(workspace)
  const looked = yield* Effect.forEach(items, (flag) => lookAt(workspace, flag, around))
  return { items: looked.filter(({ state }) => state === "stale"), next }
})

export const stalenessOfFlag = Effect.fn("stalenessOfFlag")(function* (workspace: WorkspaceId, key: string) {
  const { item } = yield* readItem<Flag>(flags, workspace, key)
  return yield* lookAt(workspace, item, yield* lookAround(workspace))
})
