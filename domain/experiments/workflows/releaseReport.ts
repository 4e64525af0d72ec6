import { Clock, Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease, ReleaseReport, TakenStep } from "../../../ports/experiments/GuardedRelease.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { Actor } from "../../platform/audit.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { checkRatio } from "../../statistics/ratioMismatch.ts"
import { courseOf, decideRamp, endRelease, renewed, standingStep, verdictsOf } from "../release/rampRelease.ts"
import type { StepEvidence } from "../release/rampRelease.ts"
import { toldSplit } from "../results/toldSplit.ts"
import { approvalsAsked } from "./approvals.ts"
import { moveRelease, ruleOf, watchedMetrics } from "./releases.ts"

const nobody: MetricSums = { count: 0, converted: 0, sum: 0, squares: 0 }

/**
 * What was seen of a step so far, the standing one by default: of people who were first exposed at it, on both sides. What
 * they do later counts for the side that they came to, also where a greater share has since brought them to the other:
 * that makes an effect look smaller, and never brings one about.
 */
export const stepEvidence = Effect.fn("stepEvidence")(function* (
  workspace: WorkspaceId,
  release: GuardedRelease,
  step: TakenStep = standingStep(release)
) {
  const evidence = yield* ExperimentEvidence
  const gathered = yield* evidence.gather(workspace, {
    experiment: release.id,
    phase: step.number,
    variants: [release.control, release.treatment],
    fromMillis: Date.parse(step.started_at),
    toMillis: undefined,
    metrics: watchedMetrics(release)
  })
  const last = gathered.days.at(-1)
  const assigned = gathered.days.map((day) => day.assigned)
  const found: StepEvidence = {
    split: toldSplit(checkRatio(assigned, [100 - step.percent, step.percent])),
    units: { control: last?.participants[0] ?? 0, treatment: last?.participants[1] ?? 0 },
    evidence: release.guardrails.map(({ id }, index) => ({
      metric: id,
      control: last?.sums[index]?.[0] ?? nobody,
      treatment: last?.sums[index]?.[1] ?? nobody
    }))
  }
  return { seen: found, watermark: gathered.watermark }
})

/** The release with what people of all its earlier steps have done until now. */
export const withLaterEvents = Effect.fnUntraced(function* (workspace: WorkspaceId, release: GuardedRelease) {
  const closed = new Map<number, StepEvidence>()
  for (const step of release.steps_taken.slice(0, -1)) {
    closed.set(step.number, (yield* stepEvidence(workspace, release, step)).seen)
  }
  return renewed(release, closed)
})

/** Whether flag and rule let anybody through to the release. */
export const isOn = (flag: Pick<Flag, "environments">, release: GuardedRelease): boolean =>
  flag.environments?.[release.environment ?? production]?.enabled === true && ruleOf(flag, release)?.enabled !== false

/** How a release stands, by the events of now; of one that is over, as it ended. */
export const releaseReport = Effect.fn("releaseReport")(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const { item } = yield* readItem<GuardedRelease>(releases, workspace, id)
  const release = item.status === "running" ? yield* withLaterEvents(workspace, item) : item
  const { status, steps_taken, verdicts } = release
  const course = courseOf(release, undefined)
  const over: ReleaseReport = {
    release: id,
    status,
    steps: steps_taken,
    verdicts,
    course,
    waits_for: [],
    watermark: null
  }
  if (status !== "running") return over
  const { seen: evidence, watermark } = yield* stepEvidence(workspace, release)
  const flag = (yield* documents.get(workspace, flags.name, release.flag))?.data as Flag | undefined
  const judged = verdictsOf(release, evidence)
  const decision = decideRamp(release, yield* Clock.currentTimeMillis, evidence, judged)
  const off = flag === undefined || !isOn(flag, release) ? (["off"] as const) : []
  const asked = yield* approvalsAsked(workspace, release.environment ?? production)
  const report: ReleaseReport = {
    ...over,
    steps: [...steps_taken.slice(0, -1), { ...standingStep(release), ...evidence }],
    verdicts: judged,
    course: courseOf(release, evidence),
    waits_for: [
      ...(decision.kind === "hold" ? decision.waitsFor : []),
      ...off,
      ...(asked > 0 ? (["approvals"] as const) : [])
    ],
    watermark
  }
  return report
})

/** Whoever ends a release is not kept waiting longer for what is written down with it. */
const settleMillisMax = 5000

const known = Effect.fnUntraced(function* (workspace: WorkspaceId, release: GuardedRelease) {
  const { seen } = yield* stepEvidence(workspace, release)
  const found: { readonly release: GuardedRelease; readonly evidence: StepEvidence | undefined } = {
    release: yield* withLaterEvents(workspace, release),
    evidence: seen
  }
  return found
})

/** Ends a running release by hand: everybody gets the new variant, or the control; also while no evidence can be had. */
export const settleRelease = Effect.fn("settleRelease")(function* (
  actor: Actor,
  id: string,
  status: "completed" | "aborted",
  reason: string | undefined
) {
  const { item } = yield* readItem<GuardedRelease>(releases, actor.workspace, id)
  const unknown = { release: item, evidence: undefined }
  const seen =
    item.status === "running"
      ? yield* Effect.orElseSucceed(Effect.timeout(known(actor.workspace, item), settleMillisMax), () => unknown)
      : unknown
  const { evidence } = seen
  const verdicts = evidence === undefined ? [] : verdictsOf(seen.release, evidence)
  const variant = status === "completed" ? item.treatment : item.control
  const note = `Release of ${item.rule} of flag ${item.flag} is ${status}: everybody gets ${variant}`
  const closed = new Map(seen.release.steps_taken.map((step) => [step.number, step]))
  const end = (release: GuardedRelease, at: number) =>
    endRelease(
      renewed(release, closed),
      status,
      { at, by: actor.keyId },
      { evidence, verdicts, detail: reason ?? null }
    )
  const moved = yield* moveRelease(actor, id, item.steps_taken.length, end, { note })
  const after = yield* readItem<GuardedRelease>(releases, actor.workspace, id)
  if (moved !== undefined) return after
  const detail = after.item.status === "running" ? "it has just moved on: try again" : `it is ${after.item.status}`
  return yield* new Refused({ kind: "conflict", detail: `the release cannot be ${status}: ${detail}`, errors: [] })
})
