import { Clock, Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { dueSchedulesMax, schedules } from "../../../ports/experiments/FlagSchedule.ts"
import type { FlagSchedule } from "../../../ports/experiments/FlagSchedule.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { forEveryPage } from "../../platform/everyPage.ts"
import type { Listed } from "../../platform/everyPage.ts"
import { forEachApart, forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { changeFlag } from "../release/changeFlag.ts"
import { applied, changesOf, dueSteps, pause } from "../release/flagSchedule.ts"
import type { DueStep } from "../release/flagSchedule.ts"
import { checkFlag } from "./flags.ts"
import { replaceTogether, untilSettled } from "./liveDefinitions.ts"
import { exposingRule, putSchedule } from "./schedules.ts"

/** Who changes the flag, as its history and the audit log say. */
const actorOf = (workspace: WorkspaceId, id: string): Actor => {
  const keyId = `${schedules.name}/${id}`
  return { workspace, keyId, from: undefined, requestId: keyId }
}

/** A flag that has no longer what the steps change: nothing is applied until somebody has seen it. */
const stopAt = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  schedule: FlagSchedule,
  revision: number,
  detail: string
) {
  const documents = yield* DocumentStore
  const actor = actorOf(workspace, schedule.id)
  const at = yield* Clock.currentTimeMillis
  const after = pause(schedule, { at, by: actor.keyId }, "cannot_apply", detail)
  const record = yield* auditOf(actor, at, "schedule.paused", `${schedules.name}/${schedule.id}`, schedule, after)
  yield* documents.commit(workspace, { writes: [putSchedule(after, revision)], audit: [record] })
})

/** Takes steps together: flag and schedule change in one transaction, or neither does. */
const take = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  schedule: FlagSchedule,
  revision: number,
  due: ReadonlyArray<DueStep>
) {
  const documents = yield* DocumentStore
  const { environment = production, flag: key } = schedule
  const stop = (detail: string) => stopAt(workspace, schedule, revision, detail)
  const found = yield* documents.get(workspace, flags.name, key)
  if (found === undefined) return yield* stop(`there is no flag ${key}`)
  const before = found.data as Flag
  const change = changeFlag(before, environment, changesOf(schedule, due))
  if (change.kind === "refused") return yield* stop(change.refusal.detail)
  const actor = actorOf(workspace, schedule.id)
  const checked = yield* checkFlag(actor, change.flag).pipe(
    Effect.map((all) => all.revision),
    Effect.catchTag("Refused", ({ detail, errors }) => Effect.succeed(errors[0]?.detail ?? detail))
  )
  if (typeof checked === "string") return yield* stop(checked)
  const at = yield* Clock.currentTimeMillis
  const after = { ...applied(schedule, due, { at, by: actor.keyId }), changed_at: at, changed_by: actor.keyId }
  const record = yield* auditOf(actor, at, "schedule.applied", `${schedules.name}/${schedule.id}`, schedule, after)
  const isSame = isDeepStrictEqual(change.flag, before)
  const replaced = { kind: flags, before, after: change.flag, revision: found.revision }
  yield* replaceTogether(actor, at, isSame ? [] : [replaced], checked, {
    writes: [putSchedule(after, revision)],
    audit: [record]
  })
}, untilSettled)

/** Takes what is due of a schedule; one that somebody else has changed meanwhile is looked at in the next round. */
const advance = Effect.fn("advanceSchedule")(function* (
  workspace: WorkspaceId,
  { data, revision }: StoredDocument,
  units?: number
) {
  const schedule = data as FlagSchedule
  const due = dueSteps(schedule, yield* Clock.currentTimeMillis, units)
  if (due.length === 0) return
  yield* withoutConflict(
    Effect.catchTag(take(workspace, schedule, revision, due), ["StaleRevision", "Refused"], () => Effect.void)
  )
})

/** Takes the steps of every schedule whose time has come, of all workspaces. */
export const runSchedules = forEveryWorkspace(
  Effect.fnUntraced(function* (workspace) {
    const range = { from: 0, to: (yield* Clock.currentTimeMillis) + 1 }
    const due = { workspace, collection: schedules.name, index: "by_due", equals: [], range }
    yield* forEachOf(due, (each) => advance(workspace, each), dueSchedulesMax)
  })
)

/** Looks at every document of a list, page by page; one that fails leaves the others their turn. */
const forEachOf = Effect.fnUntraced(function* <R>(
  list: Listed,
  look: (each: StoredDocument) => Effect.Effect<void, PortFailure, R>,
  most?: number
) {
  let first: PortFailure | undefined
  yield* forEveryPage(
    list,
    Effect.fnUntraced(function* (page) {
      const { failure } = yield* forEachApart(page, () => list.workspace, look)
      first ??= failure
    }),
    most
  )
  if (first !== undefined) return yield* first
})

/** What exposes people as it runs now: the phase of an experiment, or the step of a guarded release. */
const exposingPhase = Effect.fnUntraced(function* (workspace: WorkspaceId, experiment: string) {
  const documents = yield* DocumentStore
  const release = (yield* documents.get(workspace, releases.name, experiment))?.data as GuardedRelease | undefined
  const step = release?.steps_taken.at(-1)
  if (release !== undefined && step !== undefined) {
    const variants = [release.control, release.treatment]
    return { experiment, phase: step.number, variants, startedAt: Date.parse(step.started_at) }
  }
  const found = (yield* documents.get(workspace, experiments.name, experiment))?.data as Experiment | undefined
  const phase = found?.phases.at(-1)
  if (phase === undefined) return undefined
  const variants = phase.variants.map(({ id }) => id)
  return { experiment, phase: phase.number, variants, startedAt: phase.started_at }
})

/** People first exposed since the last step to what the next one waits for; `undefined`: to nothing that is there. */
const unitsSeen = Effect.fnUntraced(function* (workspace: WorkspaceId, schedule: FlagSchedule) {
  const documents = yield* DocumentStore
  const evidence = yield* ExperimentEvidence
  const { created_at, environment = production, flag, states, steps, steps_applied } = schedule
  const gate = steps[steps_applied]?.gate
  if (gate?.kind !== "sample") return undefined
  const found = yield* documents.get(workspace, flags.name, flag)
  const id = found === undefined ? undefined : exposingRule(found.data as Flag, environment, gate.rule)
  const exposing = id === undefined ? undefined : yield* exposingPhase(workspace, id)
  if (exposing === undefined) return undefined
  const since = states[steps_applied - 1]?.applied_at ?? null
  const { startedAt, ...question } = exposing
  const fromMillis = Math.max(startedAt, since === null ? created_at : Date.parse(since))
  const gathered = evidence.gather(workspace, { ...question, fromMillis, toMillis: undefined, metrics: [] })
  // No metric is asked for that could be wrong.
  const { days } = yield* Effect.catchTag(gathered, "InvalidQuestion", Effect.die)
  return days.at(-1)?.assigned.reduce((sum, units) => sum + units, 0) ?? 0
})

/** Counts for every schedule that waits for a sample, of all workspaces, and takes its step where there are enough. */
export const countSamples = forEveryWorkspace(
  Effect.fnUntraced(function* (workspace) {
    const look = Effect.fnUntraced(function* (each: StoredDocument) {
      const units = yield* unitsSeen(workspace, each.data as FlagSchedule)
      if (units !== undefined) yield* advance(workspace, each, units)
    })
    const waiting = { workspace, collection: schedules.name, index: "by_gate", equals: ["sample"] }
    yield* forEachOf(waiting, look)
  })
)
