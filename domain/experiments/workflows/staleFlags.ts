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
  const others = yield* gatherItems(environments, workspace, ({ key }: Environment) =>
    key === production ? [] : [key]
  )
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

/** Pages of flags that are looked at for one page of stale ones. */
export const stalePagesMax = 20

/** Stale flags, newest first; a page has fewer than asked for where so many flags were looked at that it would take long. */
export const listStaleFlags = Effect.fn("listStaleFlags")(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const around = yield* lookAround(workspace)
  const stale: Array<Effect.Success<ReturnType<typeof lookAt>>> = []
  let next: string | null = cursor ?? null
  for (let page = 0; page < stalePagesMax && stale.length < limit; page += 1) {
    // No more than there is room for, so that the cursor stands behind the last one that was told.
    const found: { readonly items: ReadonlyArray<Flag>; readonly next: string | null } = yield* listItems<Flag>(
      flags,
      workspace,
      limit - stale.length,
      next ?? undefined
    )
    const looked = yield* Effect.forEach(found.items, (flag) => lookAt(workspace, flag, around))
    stale.push(...looked.filter(({ state }) => state === "stale"))
    next = found.next
    if (next === null) break
    yield* Effect.yieldNow
  }
  return { items: stale, next }
})

export const stalenessOfFlag = Effect.fn("stalenessOfFlag")(function* (workspace: WorkspaceId, key: string) {
  const { item } = yield* readItem<Flag>(flags, workspace, key)
  return yield* lookAt(workspace, item, yield* lookAround(workspace))
})
