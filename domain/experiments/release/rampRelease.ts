import type {
  GuardedRelease,
  NewGuardedRelease,
  ReleaseGate,
  ReleaseLife,
  ReleaseRecord,
  ReleaseReport,
  ReleaseVerdict,
  TakenStep
} from "../../../ports/experiments/GuardedRelease.ts"
import { releaseStepDefaults } from "../../../ports/experiments/GuardedRelease.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import type { FlagRule } from "../../../ports/experiments/FlagFile.ts"
import { analysisDefaults } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { analysed } from "../metricsOf.ts"
import { judgeRelease } from "./judgeRelease.ts"

/** Who acts, and when, in ms UTC. */
export interface Act {
  readonly by: string
  readonly at: number
}

/** What is known of the step that stands. */
export type StepEvidence = Pick<TakenStep, "evidence" | "split"> & { readonly units: NonNullable<TakenStep["units"]> }

const textOf = (millis: number): string => new Date(millis).toISOString()

/** Steps whose shares do not grow, and guardrails that cannot be watched, by their places. */
export const releaseMistakes = ({
  guardrails,
  steps
}: NewGuardedRelease): ReadonlyArray<{ readonly pointer: string; readonly code: string; readonly detail: string }> => {
  const ids = guardrails.map(({ id }) => id)
  return [
    ...steps.flatMap(({ percent }, index) =>
      index === 0 || percent > steps[index - 1]!.percent
        ? []
        : [{ pointer: `/steps/${index}/percent`, code: "not_ascending", detail: "must be above the step before" }]
    ),
    ...guardrails.flatMap(({ cuped_days, id }, index) => [
      ...(ids.indexOf(id) === index
        ? []
        : [{ pointer: `/guardrails/${index}/id`, code: "duplicate", detail: `${id} is here twice` }]),
      ...(cuped_days === undefined
        ? []
        : [
            {
              pointer: `/guardrails/${index}/cuped_days`,
              code: "no_history",
              detail: "a release looks at what came after the exposure alone"
            }
          ])
    ])
  ]
}

const begun = (number: number, percent: number, at: number): TakenStep => ({
  number,
  percent,
  started_at: textOf(at),
  ended_at: null,
  units: null,
  evidence: []
})

/** The life of a release that begins at its first step. */
export const beginRelease = (
  { environment = production, flag, rule, steps }: NewGuardedRelease,
  treatment: string,
  unit: FlagRule["unit"],
  { at, by }: Act
): ReleaseLife => {
  const { percent } = steps[0]!
  return {
    status: "running",
    treatment,
    ...(unit === undefined ? {} : { unit }),
    steps_taken: [begun(1, percent, at)],
    verdicts: [],
    occupies: `${environment}/${flag}/${rule}`,
    history: [{ at: textOf(at), by, what: "began", percent, detail: null }]
  }
}

/** The step that stands. */
export const standingStep = ({ steps_taken }: Pick<ReleaseLife, "steps_taken">): TakenStep => steps_taken.at(-1)!

/** The release with what people of its earlier steps have done until now, by the number of the step. */
export const renewed = (release: GuardedRelease, closed: ReadonlyMap<number, Partial<TakenStep>>): GuardedRelease => ({
  ...release,
  steps_taken: release.steps_taken.map((step) => ({
    ...step,
    ...(step.ended_at === null ? {} : closed.get(step.number))
  }))
})

/** How each guardrail stands over all steps, the last one as `now` knows it. */
export const verdictsOf = (
  { alpha, guardrails, steps_taken, tuning_units }: GuardedRelease,
  now: StepEvidence | undefined
): ReadonlyArray<ReleaseVerdict> => {
  const design = {
    alpha: alpha ?? analysisDefaults.alpha,
    tuningUnits: tuning_units ?? analysisDefaults.tuning_units
  }
  const all = [...steps_taken.slice(0, -1), { ...standingStep({ steps_taken }), ...now }]
  return guardrails.map((metric) =>
    judgeRelease(
      analysed(metric, "guardrail"),
      all.flatMap(({ evidence }) => evidence.filter((each) => each.metric === metric.id)),
      design
    )
  )
}

/** How guardrails stood at the end of each step. */
export const courseOf = (release: GuardedRelease, now: StepEvidence | undefined): ReleaseReport["course"] =>
  release.steps_taken.map(({ number, percent }, index, steps) => {
    const until = { ...release, steps_taken: steps.slice(0, index + 1) }
    return { step: number, percent, verdicts: verdictsOf(until, index + 1 === steps.length ? now : undefined) }
  })

/** Whether the time of the standing step is over. */
export const isHeldLongEnough = ({ steps, steps_taken }: GuardedRelease, now: number): boolean => {
  const step = standingStep({ steps_taken })
  const { hold_seconds = releaseStepDefaults.hold_seconds } = steps[step.number - 1] ?? {}
  return now - Date.parse(step.started_at) >= hold_seconds * 1000
}

export type RampDecision =
  | { readonly kind: "hold"; readonly waitsFor: ReadonlyArray<ReleaseGate> }
  /** `percent`: 100 ends it. */
  | { readonly kind: "advance"; readonly percent: number }
  | { readonly kind: "roll_back"; readonly harmed: ReadonlyArray<string> }

/** What becomes of a release: harm goes before all, and nothing is advanced while a gate holds. */
export const decideRamp = (
  release: GuardedRelease,
  now: number,
  { split = null, units }: StepEvidence,
  verdicts: ReadonlyArray<ReleaseVerdict>
): RampDecision => {
  const harmed = verdicts.filter(({ state }) => state === "harmed").map(({ metric }) => metric)
  if (harmed.length > 0) return { kind: "roll_back", harmed }
  const step = standingStep(release)
  const { units: least = releaseStepDefaults.units } = release.steps[step.number - 1] ?? {}
  const waitsFor: Array<ReleaseGate> = []
  if (!isHeldLongEnough(release, now)) waitsFor.push("time")
  if (units.control + units.treatment < least) waitsFor.push("units")
  if (verdicts.some(({ state }) => state === "unknown")) waitsFor.push("evidence")
  const splits = [split, ...release.steps_taken.slice(0, -1).map((each) => each.split)]
  if (splits.some((each) => each?.mismatch === true)) waitsFor.push("split")
  if (waitsFor.length > 0) return { kind: "hold", waitsFor }
  return { kind: "advance", percent: release.steps[step.number]?.percent ?? 100 }
}

const closed = (
  steps: ReadonlyArray<TakenStep>,
  at: number,
  evidence: StepEvidence | undefined
): ReadonlyArray<TakenStep> =>
  steps.map((step) => (step.ended_at === null ? { ...step, ...evidence, ended_at: textOf(at) } : step))

const noted = (release: GuardedRelease, { at, by }: Act, record: Omit<ReleaseRecord, "at" | "by">) => [
  ...release.history,
  { at: textOf(at), by, ...record }
]

/** The next step begins; what was seen at the one before stays with it. */
export const nextStep = (
  release: GuardedRelease,
  percent: number,
  evidence: StepEvidence,
  act: Act
): GuardedRelease => ({
  ...release,
  steps_taken: [
    ...closed(release.steps_taken, act.at, evidence),
    begun(standingStep(release).number + 1, percent, act.at)
  ],
  history: noted(release, act, { what: "stepped", percent, detail: null })
})

/** The release is over, with what its end rests on. */
export const endRelease = (
  release: GuardedRelease,
  status: Exclude<GuardedRelease["status"], "running">,
  act: Act,
  end: {
    readonly evidence?: StepEvidence | undefined
    readonly verdicts?: ReadonlyArray<ReleaseVerdict> | undefined
    readonly detail?: string | null
  } = {}
): GuardedRelease => ({
  ...release,
  status,
  steps_taken: closed(release.steps_taken, act.at, end.evidence),
  verdicts: end.verdicts ?? [],
  occupies: null,
  history: noted(release, act, {
    what: status,
    percent: status === "completed" ? 100 : status === "superseded" ? standingStep(release).percent : 0,
    detail: end.detail ?? null
  })
})

const withoutShare = (rule: FlagRule): FlagRule => {
  const { enabled: _, percent: __, ...rest } = rule
  return rest
}

/** The flag's rule while the release runs: who gets what is the release's part. */
export const releasingRule = (rule: FlagRule, release: string): FlagRule => ({
  ...withoutShare(rule),
  release: true,
  serve: { experiment: release }
})

/** The flag's rule once it is over: everybody whom it targets gets one variant. */
export const releasedRule = (
  rule: FlagRule,
  { control, treatment }: Pick<GuardedRelease, "control" | "treatment">,
  status: GuardedRelease["status"]
): FlagRule => ({ ...rule, serve: { variant: status === "completed" ? treatment : control } })

const figure = (value: number): string => Number(value.toPrecision(3)).toString()

/** What a verdict says, in words. */
export const toldVerdict = (verdict: ReleaseVerdict): string => {
  if (verdict.state === "unknown") return `${verdict.metric}: unknown (${verdict.reason})`
  const { control_mean, lift, lift_interval, margin, metric, state, treatment_mean, units } = verdict
  const ends = lift_interval === null ? "" : `, ${figure(lift_interval[0])} to ${figure(lift_interval[1])} %`
  const change = lift === null ? "" : ` (${figure(lift)} %${ends})`
  return `${metric}: ${state}, ${figure(control_mean)} without and ${figure(treatment_mean)} with it${change}, margin ${figure(margin)} %, ${units} people`
}
