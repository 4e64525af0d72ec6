import type {
  EvaluatedExperiment,
  EvaluatedFlag,
  EvaluatedHoldout,
  EvaluatedOverride,
  FlagFile,
  FlagRule
} from "../../../ports/experiments/FlagFile.ts"
import { unitAttributes } from "../../../ports/experiments/FlagFile.ts"
import type { Condition } from "../../../ports/targeting/Condition.ts"
import { slotsOf } from "../../bucketing/sha256Buckets.ts"
import { compileCondition } from "../../targeting/compileCondition.ts"
import type { Test } from "../../targeting/compileCondition.ts"
import { compileFirstFailure } from "../../targeting/firstFailure.ts"
import type { FirstFailure } from "../../targeting/firstFailure.ts"
import type { Group, Groups } from "../../targeting/Groups.ts"
import { bucketingOf } from "./Bucketing.ts"
import type { Bucketing } from "./Bucketing.ts"

/** A condition, and what of it failed, for who asks. */
export interface Targeting {
  readonly test: Test
  readonly failure: FirstFailure
}

export interface Gate {
  readonly flag: string
  readonly test: Test
}

export interface CompiledHoldout {
  readonly id: string
  readonly slots: number
  readonly unit: ReadonlyArray<string>
}

export interface CompiledExperiment {
  readonly id: string
  readonly running: boolean
  readonly phase: number
  readonly unit: ReadonlyArray<string>
  readonly variants: ReadonlyArray<string>
  readonly targeting: Targeting | undefined
  readonly gates: ReadonlyArray<Gate>
  readonly layer: EvaluatedExperiment["layer"]
  readonly holdouts: ReadonlyArray<CompiledHoldout>
  readonly bucketing: Bucketing
  readonly stickySince: number | undefined
  readonly bucketVersion: number
  readonly oldestVersion: number
  readonly excludesOld: boolean
  /** Of a bandit: the step, and the probability of each variant. */
  readonly allocation: { readonly step: number; readonly probabilities: ReadonlyArray<number> } | undefined
  readonly overrides: Overrides | undefined
}

/** Variants of testers, by the attribute and the id that name them. */
export type Overrides = ReadonlyArray<{
  readonly attribute: string
  readonly byUnit: ReadonlyMap<string, { readonly variant: string; readonly override: string }>
}>

export type CompiledServe =
  | { readonly kind: "variant"; readonly variant: string }
  | { readonly kind: "split"; readonly variants: ReadonlyArray<string> }
  | { readonly kind: "experiment"; readonly experiment: CompiledExperiment | undefined }

export interface CompiledRule {
  readonly id: string
  readonly targeting: Targeting | undefined
  readonly gates: ReadonlyArray<Gate>
  readonly isShared: boolean
  readonly unit: ReadonlyArray<string>
  /** Those that bind the rule. */
  readonly holdouts: ReadonlyArray<CompiledHoldout>
  readonly bucketing: Bucketing
  readonly serve: CompiledServe
}

export interface CompiledFlag {
  readonly key: string
  readonly enabled: boolean
  readonly values: ReadonlyMap<string, unknown>
  readonly offVariant: string | null
  readonly defaultVariant: string | null
  readonly gates: ReadonlyArray<Gate>
  /** Whether other flags have a say, so that it could lead back to itself. */
  readonly dependsOnFlags: boolean
  readonly overrides: Overrides | undefined
  readonly rules: ReadonlyArray<CompiledRule>
}

/** A flag file ready for evaluation. It is a value: another revision of the file is another one. */
export interface CompiledFlags {
  readonly flags: ReadonlyMap<string, CompiledFlag>
  readonly experiments: ReadonlyMap<string, CompiledExperiment>
  readonly groups: Groups
}

const none: ReadonlyArray<never> = []

/** Whether an id belongs to a cohort, as far as is known. */
export type IsMember = (cohort: string, id: string) => boolean

/** Compiles a file that `checkFlagFile` has found right; of one that is wrong, what is wrong serves nobody. */
export const compileFlags = (file: FlagFile, isMember: IsMember = () => false): CompiledFlags => {
  const groups: Groups = new Map((file.groups ?? []).map((group) => [group.id, groupOf(group, isMember)]))
  const holdouts = file.holdouts ?? []
  const overrides = overridesOf(file.overrides ?? [])
  const experiments = new Map(
    (file.experiments ?? []).map((each) => [
      each.id,
      compileExperiment(each, holdouts, groups, overrides.experiments.get(each.id))
    ])
  )
  const flags = new Map(
    file.flags.map((flag) => [
      flag.key,
      compileFlag(flag, experiments, holdouts, groups, overrides.flags.get(flag.key))
    ])
  )
  return { flags, experiments, groups }
}

/** By target; of two that name a unit the first one counts. */
const overridesOf = (all: ReadonlyArray<EvaluatedOverride>) => {
  const byTarget = (targetOf: (override: EvaluatedOverride) => string | undefined): ReadonlyMap<string, Overrides> => {
    const grouped = Map.groupBy(all, (override) => targetOf(override) ?? "")
    grouped.delete("")
    return new Map([...grouped].map(([target, own]) => [target, byAttribute(own)]))
  }
  return {
    flags: byTarget(({ target }) => ("flag" in target ? target.flag : undefined)),
    experiments: byTarget(({ target }) => ("experiment" in target ? target.experiment : undefined))
  }
}

const byAttribute = (own: ReadonlyArray<EvaluatedOverride>): Overrides =>
  [...Map.groupBy(own, ({ attribute }) => attribute)].map(([attribute, same]) => ({
    attribute,
    byUnit: new Map(
      same
        .toReversed()
        .flatMap(({ id, units, variant }) => units.map((unit) => [unit, { variant, override: id }] as const))
    )
  }))

const groupOf = (group: NonNullable<FlagFile["groups"]>[number], isMember: IsMember): Group => {
  switch (group.type) {
    case "condition":
      return { type: "condition", condition: group.condition }
    case "cohort":
      return { type: "members", has: (id) => isMember(group.cohort, id) }
    case "list":
      return { type: "list", attribute: group.attribute, values: new Set<unknown>(group.values) }
  }
}

const targetingOf = (condition: Condition | undefined, groups: Groups): Targeting | undefined =>
  condition === undefined || Object.keys(condition).length === 0
    ? undefined
    : { test: compileCondition(condition, groups), failure: once(() => compileFirstFailure(condition, groups)) }

/** Compiled when it is first asked for. */
const once = (compile: () => FirstFailure): FirstFailure => {
  let compiled: FirstFailure | undefined
  return (attributes) => (compiled ??= compile())(attributes)
}

const gatesOf = (prerequisites: EvaluatedFlag["prerequisites"], groups: Groups): ReadonlyArray<Gate> =>
  prerequisites?.map(({ condition, flag }) => ({ flag, test: compileCondition(condition, groups) })) ?? none

/** Holdouts of everybody, and those of the team. */
const bindingOf = (
  holdouts: ReadonlyArray<EvaluatedHoldout>,
  team: string | undefined
): ReadonlyArray<CompiledHoldout> =>
  holdouts
    .filter((holdout) => holdout.team === undefined || holdout.team === team)
    .map(({ id, percent, unit }) => ({ id, slots: slotsOf(percent), unit: unit ?? unitAttributes }))

const compileExperiment = (
  experiment: EvaluatedExperiment,
  holdouts: ReadonlyArray<EvaluatedHoldout>,
  groups: Groups,
  overrides: Overrides | undefined
): CompiledExperiment => ({
  id: experiment.id,
  running: experiment.running,
  phase: experiment.phase,
  unit: experiment.unit ?? unitAttributes,
  variants: experiment.variants.map(({ variant }) => variant),
  targeting: targetingOf(experiment.condition, groups),
  gates: gatesOf(experiment.prerequisites, groups),
  layer: experiment.layer,
  holdouts: bindingOf(holdouts, experiment.team),
  bucketing: bucketingOf({
    hash: experiment.hash ?? "sha256",
    rollout: experiment.id,
    seed: experiment.seed ?? experiment.id,
    percent: experiment.percent ?? 100,
    weights: experiment.variants.map(({ weight }) => weight)
  }),
  stickySince: experiment.sticky_since,
  bucketVersion: experiment.bucket_version ?? 0,
  oldestVersion: experiment.bucket_version_min ?? 0,
  excludesOld: experiment.old_assignments === "exclude",
  allocation:
    experiment.step === undefined
      ? undefined
      : { step: experiment.step, probabilities: experiment.variants.map(({ weight }) => weight / 100) },
  overrides
})

const compileFlag = (
  flag: EvaluatedFlag,
  experiments: ReadonlyMap<string, CompiledExperiment>,
  holdouts: ReadonlyArray<EvaluatedHoldout>,
  groups: Groups,
  overrides: Overrides | undefined
): CompiledFlag => {
  const gates = gatesOf(flag.prerequisites, groups)
  const rules = flag.rules
    .filter(({ enabled }) => enabled !== false)
    .map((rule) => compileRule(rule, flag, experiments, holdouts, groups))
  return {
    key: flag.key,
    enabled: flag.enabled,
    values: new Map(flag.variants.map(({ name, value }) => [name, value])),
    offVariant: flag.off_variant,
    defaultVariant: flag.default_variant,
    gates,
    dependsOnFlags: gates.length > 0 || rules.some(dependsOnFlags),
    overrides,
    rules
  }
}

const dependsOnFlags = ({ gates, serve }: CompiledRule): boolean =>
  gates.length > 0 || (serve.kind === "experiment" && (serve.experiment?.gates.length ?? 0) > 0)

const compileRule = (
  rule: FlagRule,
  flag: EvaluatedFlag,
  experiments: ReadonlyMap<string, CompiledExperiment>,
  holdouts: ReadonlyArray<EvaluatedHoldout>,
  groups: Groups
): CompiledRule => {
  const { hash = "sha256", percent = 100, seed } = rule
  const isSplit = "split" in rule.serve
  return {
    id: rule.id,
    targeting: targetingOf(rule.condition, groups),
    gates: gatesOf(rule.prerequisites, groups),
    isShared: isSplit || percent < 100,
    unit: rule.unit ?? unitAttributes,
    holdouts: rule.release === true ? bindingOf(holdouts, flag.team) : none,
    bucketing: bucketingOf({
      hash,
      percent,
      rollout: hash === "sha256" ? flag.key : (seed ?? flag.key),
      seed: seed ?? (isSplit && hash === "sha256" ? `${flag.key}/${rule.id}` : flag.key),
      weights: "split" in rule.serve ? rule.serve.split.map(({ weight }) => weight) : [100]
    }),
    serve: serveOf(rule.serve, experiments)
  }
}

const serveOf = (serve: FlagRule["serve"], experiments: ReadonlyMap<string, CompiledExperiment>): CompiledServe => {
  if ("variant" in serve) return { kind: "variant", variant: serve.variant }
  if ("split" in serve) return { kind: "split", variants: serve.split.map(({ variant }) => variant) }
  return { kind: "experiment", experiment: experiments.get(serve.experiment) }
}
