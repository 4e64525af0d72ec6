import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { holdoutPercentUsual, production } from "../../../ports/experiments/Flag.ts"
import type { Flag, Holdout, Segment } from "../../../ports/experiments/Flag.ts"
import { overrideAttributeUsual } from "../../../ports/experiments/QaOverride.ts"
import type { NewQaOverride } from "../../../ports/experiments/QaOverride.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import type {
  EvaluatedExperiment,
  EvaluatedFlag,
  EvaluatedGroup,
  FlagFile
} from "../../../ports/experiments/FlagFile.ts"

/** What evaluation needs of a workspace. */
export interface Definitions {
  readonly flags: ReadonlyArray<Pick<Flag, Exclude<keyof Flag, "id" | `created_${string}` | `changed_${string}`>>>
  readonly segments: ReadonlyArray<Pick<Segment, "key" | "members">>
  readonly experiments: ReadonlyArray<Experiment>
  readonly holdouts: ReadonlyArray<Pick<Holdout, "key" | "percent" | "team" | "unit">>
  readonly overrides: ReadonlyArray<NewQaOverride>
  /** Those that run. */
  readonly releases?: ReadonlyArray<GuardedRelease>
}

/** The definitions as one environment evaluates them; a flag that says nothing of it is off. */
export const fileOf = (
  { experiments, flags, holdouts, overrides, releases = [], segments }: Definitions,
  environment: string
): FlagFile => ({
  version: 1,
  flags: flags.map((flag) => evaluatedFlag(flag, environment)),
  groups: segments.map(groupOf),
  holdouts: holdouts.map(({ key, percent = holdoutPercentUsual, team, unit }) => ({
    id: key,
    percent,
    ...(team === undefined ? {} : { team }),
    ...(unit === undefined ? {} : { unit })
  })),
  experiments: [
    ...experiments.filter(({ environment: of = production }) => of === environment).map(evaluatedExperiment),
    ...releases
      .filter(({ environment: of = production }) => of === environment)
      .map((release) => evaluatedRelease(release, flags.find(({ key }) => key === release.flag)?.team))
  ],
  overrides: overrides
    .filter(({ environment: of = production, target }) => "experiment" in target || of === environment)
    .map(({ attribute = overrideAttributeUsual, key, target, units, variant }) => ({
      id: key,
      target,
      variant,
      attribute,
      units
    }))
})

export const evaluatedFlag = (flag: Definitions["flags"][number], environment: string): EvaluatedFlag => {
  const here =
    flag.environments !== undefined && Object.hasOwn(flag.environments, environment)
      ? flag.environments[environment]
      : undefined
  return {
    key: flag.key,
    type: flag.type,
    variants: flag.variants ?? [],
    enabled: here?.enabled ?? false,
    off_variant: here?.off_variant !== undefined ? here.off_variant : (flag.off_variant ?? null),
    default_variant: here?.default_variant !== undefined ? here.default_variant : (flag.default_variant ?? null),
    rules: here?.rules ?? [],
    ...(here?.prerequisites === undefined ? {} : { prerequisites: here.prerequisites }),
    ...(flag.team === undefined ? {} : { team: flag.team })
  }
}

const groupOf = ({ key, members }: Definitions["segments"][number]): EvaluatedGroup => {
  if ("condition" in members) return { id: key, type: "condition", condition: members.condition }
  if ("cohort" in members) return { id: key, type: "cohort", cohort: members.cohort }
  return { id: key, type: "list", attribute: members.attribute, values: members.values }
}

/** A release is an experiment of two variants, whose phases are its steps: a share that grows keeps the units that it had. */
const evaluatedRelease = (
  { control, id, steps_taken, treatment, unit }: GuardedRelease,
  team: string | undefined
): EvaluatedExperiment => {
  const { number = 1, percent = 0 } = steps_taken.at(-1) ?? {}
  return {
    id,
    running: true,
    phase: number,
    variants: [
      { variant: control, weight: 100 - percent },
      { variant: treatment, weight: percent }
    ],
    ...(unit === undefined ? {} : { unit }),
    ...(team === undefined ? {} : { team })
  }
}

/** An experiment as it runs now: by its last phase. One that has not begun takes nobody. */
export const evaluatedExperiment = (experiment: Experiment): EvaluatedExperiment => {
  const { allocation, hash, id, layer, phases, prerequisites, seed, status, sticky, team, unit } = experiment
  const phase = phases.at(-1)
  const { bucket_version, bucket_version_min, condition, old_assignments, percent, variants = [] } = phase ?? experiment
  const slots = phase?.slots
  const step = phase?.steps?.at(-1)
  return {
    id,
    running: status === "running",
    phase: phase?.number ?? 1,
    variants: variants.map(({ id: variant, weight }, place) => ({ variant, weight: step?.weights[place] ?? weight })),
    ...(unit === undefined ? {} : { unit }),
    ...(condition === undefined ? {} : { condition }),
    ...(prerequisites === undefined ? {} : { prerequisites }),
    ...(percent === undefined ? {} : { percent }),
    ...(layer === undefined || slots === undefined ? {} : { layer: { id: layer.id, slots } }),
    ...(team === undefined ? {} : { team }),
    ...(hash === undefined ? {} : { hash }),
    ...(seed === undefined ? {} : { seed }),
    // What a unit of a bandit does later must count for one variant alone.
    ...((sticky === true || allocation !== undefined) && phases.length > 0
      ? { sticky_since: phases[0]!.started_at }
      : {}),
    ...(bucket_version === undefined ? {} : { bucket_version }),
    ...(bucket_version_min === undefined ? {} : { bucket_version_min }),
    ...(old_assignments === undefined ? {} : { old_assignments }),
    ...(step === undefined ? {} : { step: step.number })
  }
}
