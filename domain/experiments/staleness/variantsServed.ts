import type {
  EvaluatedExperiment,
  EvaluatedFlag,
  EvaluatedHoldout,
  FlagRule
} from "../../../ports/experiments/FlagFile.ts"

/** What a flag may be evaluated with. */
export interface Around {
  readonly experiments: ReadonlyArray<EvaluatedExperiment>
  readonly holdouts: ReadonlyArray<EvaluatedHoldout>
}

type Variant = string | null

/**
 * The variants that a flag can give in one environment, `null` for the code's own default: a bound from above, for
 * conditions are taken to be met by some and not by others. One alone means that everybody gets it.
 */
export const variantsServed = (flag: EvaluatedFlag, around: Around): ReadonlySet<Variant> => {
  const served = new Set<Variant>()
  if (!flag.enabled) return served.add(flag.off_variant)
  if ((flag.prerequisites ?? []).length > 0) served.add(flag.off_variant)
  for (const rule of flag.rules) {
    if (rule.enabled === false || rule.percent === 0) continue
    const { isForAll, variants } = servedBy(rule, flag, around)
    for (const variant of variants) served.add(variant)
    if (isForAll) return served
  }
  return served.add(flag.default_variant)
}

const servedBy = (
  rule: FlagRule,
  flag: EvaluatedFlag,
  { experiments, holdouts }: Around
): { readonly variants: ReadonlyArray<Variant>; readonly isForAll: boolean } => {
  const { serve } = rule
  const isHeldOut = holdouts.some(({ percent, team }) => percent > 0 && (team === undefined || team === flag.team))
  if ("experiment" in serve) {
    const experiment = experiments.find(({ id }) => id === serve.experiment)
    if (experiment?.running !== true) return { variants: [], isForAll: false }
    return { variants: weighted(experiment.variants), isForAll: false }
  }
  const isTargeted = Object.keys(rule.condition ?? {}).length > 0 || (rule.prerequisites ?? []).length > 0
  const isPart = rule.percent !== undefined && rule.percent < 100
  const isHeld = rule.release === true && isHeldOut
  // A unit that the context lacks is served by no share and no split.
  const isSplit = "split" in serve && weighted(serve.split).length > 1
  const variants = "split" in serve ? weighted(serve.split) : [serve.variant]
  return { variants, isForAll: !isTargeted && !isPart && !isHeld && !isSplit }
}

const weighted = (
  variants: ReadonlyArray<{ readonly variant: string; readonly weight: number }>
): ReadonlyArray<string> => variants.filter(({ weight }) => weight > 0).map(({ variant }) => variant)
