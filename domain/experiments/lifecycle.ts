import { isDeepStrictEqual } from "node:util"
import type {
  Experiment,
  ExperimentDecision,
  ExperimentLife,
  ExperimentPhase,
  ExperimentVariant,
  NewDecision,
  NewExperiment,
  NewPhase
} from "../../ports/experiments/Experiment.ts"
import { allocationDefaults, allocationStepsMax } from "../../ports/experiments/Bandit.ts"
import type { AllocationStep } from "../../ports/experiments/Bandit.ts"
import { phasesMax } from "../../ports/experiments/Experiment.ts"
import { variantsMax } from "../../ports/experiments/FlagFile.ts"
import { decisionRuleMistakes, shippedMistakes } from "./decisionRuleMistakes.ts"
import { metricErrors } from "./metricErrors.ts"
import { takeSlots } from "./layerSlots.ts"
import type { SlotRange } from "./layerSlots.ts"

/** Why a step of an experiment's life is not taken. */
export interface LifeRefusal {
  readonly kind: "refused"
  /** `conflict`: its state does not allow it; `invalid`: what was asked is wrong. */
  readonly because: "conflict" | "invalid"
  readonly detail: string
  readonly errors: ReadonlyArray<{ readonly pointer: string; readonly code: string; readonly detail: string }>
}

export type LifeChange = LifeRefusal | { readonly kind: "changed"; readonly experiment: Experiment }

/** Who acts, and when, in ms UTC. */
export interface Act {
  readonly by: string
  readonly at: number
}

export const begun: ExperimentLife = { status: "draft", phases: [], decision: null }

const conflict = (detail: string, errors: LifeRefusal["errors"] = []): LifeRefusal => ({
  kind: "refused",
  because: "conflict",
  detail,
  errors
})
const invalid = (detail: string, errors: LifeRefusal["errors"]): LifeRefusal => ({
  kind: "refused",
  because: "invalid",
  detail,
  errors
})
const changed = (experiment: Experiment): LifeChange => ({ kind: "changed", experiment })

const stateOf = ({ status }: Experiment): string => `${status === "archived" ? "an" : "a"} ${status} experiment`

const error = (pointer: string, code: string, detail: string) => ({ pointer, code, detail })

/** What is wrong with variants of which weights must sum to 100. */
const variantErrors = (variants: ReadonlyArray<ExperimentVariant>): LifeRefusal["errors"] => {
  const sum = variants.reduce((total, { weight }) => total + weight, 0)
  return [
    ...(variants.length < 2 ? [error("/variants", "too_few", "must be two or more")] : []),
    ...(variants.length >= 2 && sum !== 100
      ? [error("/variants", "weights", `weights sum to ${sum}, not to 100`)]
      : []),
    ...identityErrors(variants)
  ]
}

/** What is wrong with variants at any time: an id twice, two controls, more than 100 percent. */
export const identityErrors = (variants: ReadonlyArray<ExperimentVariant>): LifeRefusal["errors"] => {
  const seen = new Set<string>()
  const sum = variants.reduce((total, { weight }) => total + weight, 0)
  const twice = variants.flatMap(({ id }, at) => {
    const isTwice = seen.has(id)
    seen.add(id)
    return isTwice ? [error(`/variants/${at}/id`, "duplicate", `${id} is here twice`)] : []
  })
  const controls = variants.filter(({ control }) => control === true).length
  return [
    ...twice,
    ...(controls > 1 ? [error("/variants", "two_controls", "one variant is the control")] : []),
    ...(sum > 100 ? [error("/variants", "weights", `weights sum to ${sum}, more than 100`)] : [])
  ]
}

/** What is wrong with a bandit: shares that leave no room, or figures that cannot be weighed by probabilities. */
const allocationErrors = ({
  allocation,
  analysis,
  goals = [],
  variants = []
}: NewExperiment): LifeRefusal["errors"] => {
  if (allocation === undefined) return []
  const { minimum_percent: minimum = allocationDefaults.minimum_percent } = allocation
  const goal = goals[0]?.measure.kind
  return [
    ...(minimum * variants.length > 100
      ? [
          error(
            "/allocation/minimum_percent",
            "too_large",
            `${variants.length} variants have no room for ${minimum} % each`
          )
        ]
      : []),
    ...(analysis?.method === "fixed"
      ? [
          error(
            "/analysis/method",
            "adaptive_allocation",
            "a test that looks once does not hold where shares follow results"
          )
        ]
      : []),
    ...(goal === undefined || weighable.has(goal)
      ? []
      : [error("/goals/0/measure/kind", "not_weighable", "shares follow a rate, a mean, a retention or a funnel")])
  ]
}

const weighable: ReadonlySet<string> = new Set(["rate", "mean", "retention", "funnel"])

/** Every variant of a bandit begins with what it keeps at the least. */
const startErrors = (
  allocation: NewExperiment["allocation"],
  variants: ReadonlyArray<ExperimentVariant>
): LifeRefusal["errors"] => {
  if (allocation === undefined) return []
  const { minimum_percent: minimum = allocationDefaults.minimum_percent } = allocation
  return variants.flatMap(({ weight }, at) =>
    weight < minimum
      ? [error(`/variants/${at}/weight`, "too_small", `is below the ${minimum} % that every variant keeps`)]
      : []
  )
}

type Versions = Pick<ExperimentPhase, "bucket_version" | "bucket_version_min">

/** What is wrong with versions of buckets: the least that counts is newer than what is stored. */
const versionErrors = ({ bucket_version = 0, bucket_version_min = 0 }: Versions): LifeRefusal["errors"] =>
  bucket_version_min <= bucket_version
    ? []
    : [error("/bucket_version_min", "too_new", `is above the bucket_version ${bucket_version}`)]

/** What a new or changed definition has wrong in itself. */
export const definitionErrors = (definition: NewExperiment): LifeRefusal["errors"] => {
  const lists = ["goals", "secondary", "guardrails"] as const
  const seen = new Set<string>()
  const metrics = lists.flatMap((list) =>
    (definition[list] ?? []).flatMap((metric, at) => {
      const isTwice = seen.has(metric.id)
      seen.add(metric.id)
      const pointer = `/${list}/${at}`
      return [
        ...(isTwice ? [error(`${pointer}/id`, "duplicate", `${metric.id} is here twice`)] : []),
        ...metricErrors(metric).map((each) => ({ ...each, pointer: pointer + each.pointer }))
      ]
    })
  )
  return [
    ...identityErrors(definition.variants ?? []),
    ...versionErrors(definition),
    ...allocationErrors(definition),
    ...metrics,
    ...decisionRuleMistakes(definition)
  ]
}

/** One more variant; of a running experiment a new phase says the same with weights that still sum to 100. */
export const addVariant = (experiment: Experiment, variant: ExperimentVariant): LifeChange => {
  if (experiment.status !== "draft") {
    return conflict(`${stateOf(experiment)} keeps its variants: start a new phase`)
  }
  const variants = [...(experiment.variants ?? []), variant]
  if (variants.length > variantsMax) return conflict(`an experiment has at most ${variantsMax} variants`)
  const errors = identityErrors(variants).map((each) => ({
    ...each,
    pointer: each.code === "weights" ? "/weight" : each.code === "two_controls" ? "/control" : "/id"
  }))
  const isTwice = errors.some(({ code }) => code === "duplicate")
  if (isTwice) return conflict(`there is a variant ${variant.id}`, errors)
  return errors.length > 0 ? invalid("the variant is not valid", errors) : changed({ ...experiment, variants })
}

/** Draft → running. `taken`: slots of the layer that running experiments have. */
export const start = (experiment: Experiment, act: Act, taken: ReadonlyArray<SlotRange>): LifeChange => {
  if (experiment.status !== "draft") return conflict(`${stateOf(experiment)} cannot be started`)
  const variants = experiment.variants ?? []
  const errors = [
    ...variantErrors(variants),
    ...startErrors(experiment.allocation, variants),
    ...shippedMistakes(experiment),
    ...((experiment.goals ?? []).length === 0 ? [error("/goals", "missing", "must have a goal that decides")] : [])
  ]
  if (errors.length > 0) return invalid("the experiment cannot be started yet", errors)
  const { layer } = experiment
  const slots = layer === undefined ? undefined : takeSlots(layer.percent, taken)
  if (slots !== undefined && "freePercent" in slots) {
    const detail = `layer ${layer!.id} has ${slots.freePercent} % free`
    return conflict(detail, [error("/layer/percent", "layer_full", detail)])
  }
  const phase: ExperimentPhase = {
    ...opened(1, act, null),
    variants,
    ...(experiment.condition === undefined ? {} : { condition: experiment.condition }),
    ...(experiment.percent === undefined ? {} : { percent: experiment.percent }),
    ...bucketingOf(experiment),
    ...firstStep(experiment, variants.map(weightOf), act),
    ...(slots === undefined ? {} : { slots: slots.slots })
  }
  return changed({ ...experiment, status: "running", phases: [phase] })
}

/** The shares that a phase of a bandit begins with. */
const firstStep = (
  { allocation }: Experiment,
  weights: ReadonlyArray<number>,
  { at, by }: Act
): Pick<ExperimentPhase, "steps"> =>
  allocation === undefined ? {} : { steps: [{ number: 1, started_at: at, started_by: by, weights, chances: null }] }

const weightOf = ({ weight }: ExperimentVariant): number => weight

/** Other shares of the traffic of a running bandit, from now on. */
export const takeStep = (
  experiment: Experiment,
  { chances, weights }: Pick<AllocationStep, "chances" | "weights">,
  { at, by }: Act
): LifeChange => {
  const phase = experiment.phases.at(-1)
  const steps = phase?.steps ?? []
  const last = steps.at(-1)
  if (experiment.status !== "running" || phase === undefined || last === undefined) {
    return conflict(`${stateOf(experiment)} has no shares that change`)
  }
  if (steps.length >= allocationStepsMax) return conflict(`a phase has at most ${allocationStepsMax} steps`)
  const step: AllocationStep = { number: last.number + 1, started_at: at, started_by: by, weights, chances }
  return changed({ ...experiment, phases: [...experiment.phases.slice(0, -1), { ...phase, steps: [...steps, step] }] })
}

/** What a phase says of stored assignments. */
const bucketingOf = ({
  bucket_version,
  bucket_version_min,
  old_assignments
}: Pick<ExperimentPhase, keyof Versions | "old_assignments">): Pick<
  ExperimentPhase,
  keyof Versions | "old_assignments"
> => ({
  ...(bucket_version === undefined ? {} : { bucket_version }),
  ...(bucket_version_min === undefined ? {} : { bucket_version_min }),
  ...(old_assignments === undefined ? {} : { old_assignments })
})

const opened = (number: number, { at, by }: Act, reason: string | null) => ({
  number,
  started_at: at,
  ended_at: null,
  started_by: by,
  reason
})

const ended = (phases: ReadonlyArray<ExperimentPhase>, at: number): ReadonlyArray<ExperimentPhase> =>
  phases.map((phase) => (phase.ended_at === null ? { ...phase, ended_at: at } : phase))

/** Other weights, variants, targeting or traffic of a running experiment: a phase of its own, analysed alone. */
export const openPhase = (experiment: Experiment, asked: NewPhase, act: Act): LifeChange => {
  const last = experiment.phases.at(-1)
  if (experiment.status !== "running" || last === undefined) {
    return conflict(`${stateOf(experiment)} has no phases to open`)
  }
  if (experiment.phases.length >= phasesMax) return conflict(`an experiment has at most ${phasesMax} phases`)
  const { reason = null, ...rest } = asked
  if (Object.keys(rest).length === 0) {
    return invalid("a phase differs from the one before", [error("", "unchanged", "say what changes")])
  }
  const versions = { ...bucketingOf(last), ...bucketingOf(asked) }
  const falls = (versions.bucket_version ?? 0) < (last.bucket_version ?? 0)
  const errors = [
    ...(asked.variants === undefined
      ? []
      : [
          ...variantErrors(asked.variants),
          ...startErrors(experiment.allocation, asked.variants),
          ...shippedMistakes({ ...experiment, variants: asked.variants })
        ]),
    ...versionErrors(versions),
    ...(falls
      ? [error("/bucket_version", "falls", `is below ${last.bucket_version ?? 0}, that of the phase before`)]
      : [])
  ]
  if (errors.length > 0) return invalid("the phase is not valid", errors)
  const { condition, percent, slots, variants } = last
  const phase: ExperimentPhase = {
    variants,
    ...(condition === undefined ? {} : { condition }),
    ...(percent === undefined ? {} : { percent }),
    ...(slots === undefined ? {} : { slots }),
    ...bucketingOf(last),
    ...firstStep(experiment, asked.variants?.map(weightOf) ?? last.steps?.at(-1)?.weights ?? [], act),
    ...rest,
    ...opened(last.number + 1, act, reason)
  }
  return changed({ ...experiment, phases: [...ended(experiment.phases, act.at), phase] })
}

/** Running → stopped; frees the slots of its layer. */
export const stop = (experiment: Experiment, { at }: Act): LifeChange =>
  experiment.status === "running"
    ? changed({ ...experiment, status: "stopped", phases: ended(experiment.phases, at) })
    : conflict(`${stateOf(experiment)} cannot be stopped`)

/** Draft or stopped → archived. */
export const archive = (experiment: Experiment): LifeChange =>
  experiment.status === "draft" || experiment.status === "stopped"
    ? changed({ ...experiment, status: "archived" })
    : conflict(`${stateOf(experiment)} cannot be archived`)

/** What was made of the results, by whom and why; of one that has begun, and once more where minds change. */
export const decide = (experiment: Experiment, asked: NewDecision, { at, by }: Act): LifeChange => {
  if (experiment.phases.length === 0) return conflict("there is nothing to decide before the experiment has begun")
  const { decision, variant } = asked
  const known = experiment.phases.at(-1)!.variants.some(({ id }) => id === variant)
  if (decision === "ship" && variant === undefined) {
    return invalid("the decision is not valid", [error("/variant", "missing", "say which variant is shipped")])
  }
  if (variant !== undefined && !known) {
    return invalid("the decision is not valid", [
      error("/variant", "unknown_variant", `there is no variant ${variant}`)
    ])
  }
  const made: ExperimentDecision = { ...asked, decided_at: at, decided_by: by }
  return changed({ ...experiment, decision: made })
}

/** Fields whose change would make results mean something else. */
const frozen = [
  "key",
  "environment",
  "variants",
  "unit",
  "condition",
  "prerequisites",
  "percent",
  "layer",
  "team",
  "hash",
  "seed",
  "sticky",
  "allocation",
  "bucket_version",
  "bucket_version_min",
  "old_assignments",
  "analysis",
  "decision_rule"
] as const

/** A new definition in place of the old: of a draft all may change, later words and metrics alone. */
export const redefine = (experiment: Experiment, definition: NewExperiment): LifeChange => {
  if (experiment.status === "archived") return conflict("an archived experiment does not change")
  const errors = definitionErrors(definition)
  if (errors.length > 0) return invalid("the experiment is not valid", errors)
  const isDraft = experiment.status === "draft"
  const fixed = [
    ...frozen,
    // A bandit's shares follow its first goal: another one would turn the traffic elsewhere.
    ...(experiment.allocation === undefined && experiment.decision_rule === undefined ? [] : (["goals"] as const)),
    // A rule that was registered speaks of the metrics that it was registered with.
    ...(experiment.decision_rule === undefined ? [] : (["guardrails"] as const))
  ]
  const touched = fixed.filter(
    (field) =>
      (!isDraft || field === "key") &&
      !(field === "key" && definition.key === undefined) &&
      !isDeepStrictEqual(definition[field], experiment[field])
  )
  if (touched.length > 0) {
    const detail = isDraft
      ? "never changes"
      : "is frozen once the experiment has begun: start a new phase, or another experiment"
    return conflict(
      `the experiment is ${experiment.status}`,
      touched.map((field) => error(`/${field}`, "frozen", detail))
    )
  }
  const { changed_at, changed_by, created_at, created_by, decision, id, key, phases, status } = experiment
  const stamps = { id, created_at, created_by, changed_at, changed_by }
  return changed({ ...definition, ...(key === undefined ? {} : { key }), ...stamps, status, phases, decision })
}
