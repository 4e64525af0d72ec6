import { Effect, Schema } from "effect"
import { isDeepStrictEqual } from "node:util"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DefinitionChange } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest, ChangeRequestDiff, NewRebase } from "../../../ports/experiments/ChangeRequest.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { revocationsOf } from "../../platform/keys.ts"
import type { Person } from "../../platform/keys.ts"
import type { Revised } from "../../platform/resources.ts"
import { fieldDifferences } from "../changes/fieldDifferences.ts"
import { mergeDefinitions } from "../changes/mergeDefinitions.ts"
import * as life from "../changes/requestLife.ts"
import { approvalsFor } from "./approvals.ts"
import { commitChanges, stageChanges } from "./changeSet.ts"
import type { DraftedChange, StagedChanges } from "./changeSet.ts"
import { untilSettled } from "./liveDefinitions.ts"
import {
  actOf,
  checked,
  keep,
  liveOf,
  readRequest,
  recordOf,
  refuse,
  requestWrite,
  takenUp,
  untilTaken
} from "./requestSteps.ts"

/** Definitions that are not what the draft began from, with what differs. */
const staleOf = Effect.fnUntraced(function* (workspace: WorkspaceId, { changes }: ChangeRequest) {
  const errors: Array<FieldError> = []
  for (const [at, change] of changes.entries()) {
    const live = yield* liveOf(workspace, change)
    if (isDeepStrictEqual(live.definition, change.base.definition)) continue
    const where = fieldDifferences(change.base.definition ?? undefined, live.definition ?? undefined)
    errors.push(
      ...where.map(({ change: how, pointer }) => {
        const detail = `${change.kind} ${change.id}: ${pointer === "" ? "all of it" : pointer} was ${how} meanwhile`
        return { pointer: `/changes/${at}/definition${pointer}`, code: "stale", detail }
      })
    )
  }
  return errors
})

/** Differences that a refusal names; the diff has them all. */
const staleToldMax = 50

const refuseStale = Effect.fnUntraced(function* (workspace: WorkspaceId, request: ChangeRequest) {
  const errors = yield* staleOf(workspace, request)
  if (errors.length === 0) return
  const detail = "what the draft began from has changed: rebase it"
  return yield* refuse("conflict", detail, errors.slice(0, staleToldMax))
})

const requiredFor = (workspace: WorkspaceId, { after, before, staged }: StagedChanges) =>
  approvalsFor(
    workspace,
    before,
    after,
    staged.map(({ change }) => change)
  )

/** Approvals that count as things stand. */
const approvalsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, request: ChangeRequest) {
  const keys = [...life.authorKeys(request), ...request.approvals.map(({ key }) => key)]
  return life.standingApprovals(request, yield* revocationsOf(workspace, keys)).length
})

const unapproved = (environments: ReadonlyArray<string>, required: number, given: number, all: number) => {
  const since = given < all ? `, the other ${all - given} no more since keys were revoked: approve it anew` : ""
  const detail = `${environments.join(", ")} asks for ${required} approvals; of this version ${given} count${since}`
  return refuse("conflict", detail, [{ pointer: "", code: "needs_approval", detail }])
}

/**
 * Makes the changes, all or none, in one transaction with the request's end. With a reason approvals are passed over:
 * for emergencies, audited as such.
 */
export const applyRequest = Effect.fn("applyChangeRequest")(
  function* (person: Person, id: string, bypass?: string) {
    const { item, revision } = yield* readRequest(person.workspace, id)
    const act = yield* actOf(person)
    const outcome = bypass === undefined ? "applied" : "bypassed"
    const request = yield* takenUp(life.close(item, outcome, bypass ?? null, act))
    const staged = yield* stageChanges(person, item.changes)
    yield* refuseStale(person.workspace, item)
    if (staged.errors.length > 0) return yield* refuse("conflict", "the changes are not valid any more", staged.errors)
    const { environments, required } = yield* requiredFor(person.workspace, staged)
    const given = yield* approvalsOf(person.workspace, item)
    if (bypass === undefined && given < required) {
      return yield* unapproved(environments, required, given, item.approvals.length)
    }
    yield* commitChanges(person, staged, {
      request: id,
      writes: [yield* requestWrite(person.workspace, request, revision)],
      audit: [yield* recordOf(person, act.at, outcome, item, request)]
    })
    const revised: Revised<ChangeRequest> = { item: request, revision: revision + 1 }
    return revised
  },
  untilTaken,
  untilSettled
)

/** Puts the draft onto what stands; where both have changed the same thing, only as the preference says. */
export const rebaseRequest = Effect.fn("rebaseChangeRequest")(function* (
  person: Person,
  id: string,
  { prefer }: NewRebase
) {
  const found = yield* readRequest(person.workspace, id)
  const act = yield* actOf(person)
  if ((yield* staleOf(person.workspace, found.item)).length === 0) return found
  const conflicts: Array<FieldError> = []
  const changes: Array<DefinitionChange> = []
  for (const [at, change] of found.item.changes.entries()) {
    const base = yield* liveOf(person.workspace, change)
    const merged = rebased(change, base, prefer ?? "draft")
    if (!isChange(merged.change)) {
      const detail = `${change.kind} ${change.id}: the two together are no ${change.kind}`
      return yield* refuse("conflict", detail, [{ pointer: `/changes/${at}/definition`, code: "not_valid", detail }])
    }
    changes.push(merged.change)
    conflicts.push(
      ...merged.conflicts.map((pointer) => {
        const detail = `${change.kind} ${change.id}: ${pointer === "" ? "all of it" : pointer} was changed by others, too`
        return { pointer: `/changes/${at}/definition${pointer}`, code: "conflict", detail }
      })
    )
  }
  if (conflicts.length > 0 && prefer === undefined) {
    return yield* refuse("conflict", "say whose word counts: prefer draft or live", conflicts.slice(0, staleToldMax))
  }
  const request = yield* takenUp(life.redraft(found.item, life.wordsOf(found.item), changes, act))
  return yield* keep(person, found, yield* checked(person, request, "conflict"), "rebased")
}, untilTaken)

const rebased = (
  change: DefinitionChange,
  base: DefinitionChange["base"],
  prefer: "draft" | "live"
): { readonly change: unknown; readonly conflicts: ReadonlyArray<string> } => {
  if (change.kind === "experiment") return { change: { ...change, base }, conflicts: [] }
  const { conflicts, value } = mergeDefinitions(
    change.base.definition ?? undefined,
    change.definition ?? undefined,
    base.definition ?? undefined,
    prefer
  )
  return { change: { ...change, definition: value ?? null, base }, conflicts }
}

/** More rules or variants than a flag may have can come of two that have as many as they may. */
const isChange = Schema.is(DefinitionChange)

const draftOf = (change: DraftedChange): object | null => (change.kind === "experiment" ? null : change.definition)

/** What a request would do, what happened meanwhile, and what stands in its way. */
export const diffRequest = Effect.fn("diffChangeRequest")(function* (
  person: Pick<Person, "workspace" | "keyId">,
  id: string
) {
  const { item } = yield* readRequest(person.workspace, id)
  const staged = yield* stageChanges(person, item.changes)
  const { environments, required } = yield* requiredFor(person.workspace, staged)
  const changes = yield* Effect.forEach(item.changes, (change) =>
    Effect.map(liveOf(person.workspace, change), ({ definition: live }) => {
      const after = staged.staged.find(({ change: of }) => of === change)?.after ?? draftOf(change)
      const [base, draft] = [change.base.definition ?? undefined, after ?? undefined]
      const { conflicts } = mergeDefinitions(base, draft, live ?? undefined, "draft")
      return {
        kind: change.kind,
        id: change.id,
        draft: fieldDifferences(base, draft),
        meanwhile: fieldDifferences(base, live ?? undefined),
        live: fieldDifferences(live ?? undefined, draft),
        conflicts
      }
    })
  )
  const diff: ChangeRequestDiff = {
    id,
    version: item.version,
    stale: changes.some(({ meanwhile }) => meanwhile.length > 0),
    approvals: { required, given: yield* approvalsOf(person.workspace, item), environments },
    changes,
    errors: staged.errors
  }
  return diff
})
