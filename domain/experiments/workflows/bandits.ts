import { Clock, Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { allocationDefaults, allocationStepsMax, banditStates } from "../../../ports/experiments/Bandit.ts"
import type { Allocation, AllocationLook, BanditState } from "../../../ports/experiments/Bandit.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentPhase } from "../../../ports/experiments/Experiment.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { readItem } from "../../platform/resources.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { proposeShares } from "../allocation/proposeShares.ts"
import type { Proposal } from "../allocation/proposeShares.ts"
import { takeStep } from "../lifecycle.ts"
import { flagRevisions, replaceLive, revisionId, untilSettled } from "./liveDefinitions.ts"
import { phaseEvidence } from "./phaseEvidence.ts"

const hourMillis = 3_600_000
/** Until results that were not had are asked for again. */
const retryMillis = 5 * 60_000

const putState = (data: BanditState): DocumentWrite => ({
  kind: "put",
  collection: banditStates.name,
  id: data.id,
  expected: "any",
  schema_version: 1,
  subjects: [],
  data
})

/** When a bandit is looked at next; of other experiments nothing is written. */
export const nextLook = ({ allocation, id }: Experiment, now: number): ReadonlyArray<DocumentWrite> => {
  if (allocation === undefined) return []
  const { step_hours = allocationDefaults.step_hours } = allocation
  return [putState({ id, next_at: now + step_hours * hourMillis })]
}

/** The bandit as it runs; nothing of what does not run, or is none. */
const runningOf = ({
  allocation,
  phases,
  status
}: Experiment): { readonly allocation: Allocation; readonly phase: ExperimentPhase } | undefined => {
  const phase = phases.at(-1)
  return status !== "running" || allocation === undefined || phase?.steps === undefined
    ? undefined
    : { allocation, phase }
}

/**
 * Looks at the results of a bandit and changes its shares where they say so. The step and the time of the next look are one
 * commit: whatever ends the process, no step is taken twice.
 */
export const lookAtBandit = Effect.fn("lookAtBandit")(function* (actor: Actor, id: string) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const { item: experiment, revision } = yield* readItem<Experiment>(experiments, workspace, id)
  const running = runningOf(experiment)
  if (running === undefined) {
    const detail = "only a running bandit takes steps"
    return yield* new Refused({ kind: "conflict", detail, errors: [] })
  }
  const { allocation, phase } = running
  const stands = yield* documents.get(workspace, flagRevisions.name, revisionId)
  const proposal = yield* proposed(workspace, experiment, phase, allocation)
  const now = yield* Clock.currentTimeMillis
  const also = nextLook(experiment, now)
  const last = phase.steps!.at(-1)!
  const isOther = proposal.kind === "shares" && proposal.weights.some((weight, arm) => weight !== last.weights[arm])
  if (proposal.kind !== "shares" || !isOther) {
    yield* withoutConflict(documents.commit(workspace, { writes: also }))
    return lookOf(proposal.kind === "shares" ? "unchanged" : proposal.kind, phase, proposal)
  }
  const change = takeStep(experiment, proposal, { by: actor.keyId, at: now })
  if (change.kind === "refused") {
    return yield* new Refused({ kind: "conflict", detail: change.detail, errors: change.errors })
  }
  const taken = yield* replaceLive(experiments, actor, id, change.experiment, revision, stands?.revision ?? 0, also)
  return lookOf("changed", taken.item.phases.at(-1)!, proposal)
}, untilSettled)

const proposed = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  experiment: Experiment,
  phase: ExperimentPhase,
  allocation: Allocation
) {
  if (phase.steps!.length >= allocationStepsMax) return { kind: "steps_over" } as const
  const { all } = yield* phaseEvidence(workspace, experiment, phase)
  // Goals come first among the metrics, and a running experiment has one.
  const [goal] = all.metrics
  const found: Proposal = proposeShares(allocation, goal!, 0, all.steps ?? [], phase.variants.length)
  return found
})

const lookOf = (
  outcome: AllocationLook["outcome"],
  { number, steps = [], variants }: ExperimentPhase,
  proposal: Proposal | { readonly kind: "steps_over" }
): AllocationLook => ({
  outcome,
  phase: number,
  step: steps.length,
  variants: variants.map(({ id, weight }, arm) => ({
    variant: id,
    weight: steps.at(-1)?.weights[arm] ?? weight,
    chance_best: proposal.kind === "shares" ? (proposal.chances[arm] ?? null) : null
  }))
})

const actorOf = (workspace: WorkspaceId): Actor => ({
  workspace,
  keyId: "bandit",
  from: undefined,
  requestId: "step_bandits"
})

const lookIfDue = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, experiments.name, id)
  if (found === undefined || runningOf(found.data as Experiment) === undefined) {
    const gone = { kind: "delete", collection: banditStates.name, id, expected: "any" } as const
    return yield* withoutConflict(documents.commit(workspace, { writes: [gone] }))
  }
  const later = (reason: string) =>
    Effect.gen(function* () {
      yield* Effect.logWarning(`the results of bandit ${id} were not had: ${reason}`)
      const next_at = (yield* Clock.currentTimeMillis) + retryMillis
      yield* withoutConflict(documents.commit(workspace, { writes: [putState({ id, next_at })] }))
    })
  yield* lookAtBandit(actorOf(workspace), id).pipe(
    Effect.catchTags({
      // What a metric names has changed since.
      InvalidQuestion: ({ errors }) => later(errors[0]?.detail ?? "the question is not valid"),
      Refused: ({ detail }) => later(detail),
      // Somebody changed it meanwhile: the next round sees what stands.
      StaleRevision: () => Effect.void,
      DuplicateKey: Effect.die
    })
  )
})

/** Looks at every bandit whose time has come, of all workspaces. */
export const stepBandits = forEveryWorkspace(
  Effect.fnUntraced(function* (workspace) {
    const documents = yield* DocumentStore
    const range = { to: (yield* Clock.currentTimeMillis) + 1 }
    const by = { workspace, collection: banditStates.name, index: "by_due", equals: [], range, limit: listLimitMax }
    const { items } = yield* Effect.catchTag(documents.list(by), "InvalidCursor", Effect.die)
    if (items.length === 0) return
    yield* (yield* SettingsSource).load(workspace)
    for (const { id } of items) yield* lookIfDue(workspace, id)
  })
)
