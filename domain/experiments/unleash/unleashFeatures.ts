import type {
  EvaluatedFlag,
  EvaluatedGroup,
  EvaluatedOverride,
  FlagFile,
  FlagRule,
  FlagType
} from "../../../ports/experiments/FlagFile.ts"
import { unitAttributes } from "../../../ports/experiments/FlagFile.ts"
import type {
  LeftOut,
  UnleashConstraint,
  UnleashFeature,
  UnleashPayload,
  UnleashStrategy,
  UnleashVariant
} from "../../../ports/experiments/Unleash.ts"
import { constraintsOf } from "./unleashConstraints.ts"
import { contextNameOf } from "./unleashContext.ts"
import { Inexpressible } from "./Inexpressible.ts"

/**
 * The flags of a file as clients of Unleash evaluate them, with the same values for every context that has the ids that
 * are hashed. A client joins strategies by "or" and knows one hash; a flag that says more is left out, with the reason:
 * better no value than another one. Ids beyond ASCII are the exception: clients of Unleash hash them each in their own
 * way, the one for Node by the lower bytes of their UTF-16, ours and others' by UTF-8.
 */
export const unleashFeatures = (
  file: FlagFile
): { readonly features: ReadonlyArray<UnleashFeature>; readonly leftOut: ReadonlyArray<LeftOut> } => {
  const flags = new Map(file.flags.map((flag) => [flag.key, flag]))
  const groups = new Map((file.groups ?? []).map((group) => [group.id, group]))
  const told = new Map<string, UnleashFeature | Inexpressible>()
  for (const flag of file.flags) told.set(flag.key, featureOf(flag, file, flags, groups))
  // A client takes a parent that it does not know for off.
  const isTold = ({ dependencies }: UnleashFeature) =>
    dependencies.every(({ feature }) => !(told.get(feature) instanceof Inexpressible))
  const features: Array<UnleashFeature> = []
  const leftOut: Array<LeftOut> = []
  for (const [name, feature] of told) {
    if (feature instanceof Inexpressible) leftOut.push({ name, reason: feature.reason })
    else if (isTold(feature)) features.push(feature)
    else leftOut.push({ name, reason: "it depends on a flag that is left out" })
  }
  return { features, leftOut }
}

type Flags = ReadonlyMap<string, EvaluatedFlag>
type Groups = ReadonlyMap<string, EvaluatedGroup>

const featureOf = (
  flag: EvaluatedFlag,
  file: FlagFile,
  flags: Flags,
  groups: Groups
): UnleashFeature | Inexpressible => {
  const isOverridden = ({ target }: EvaluatedOverride) => "flag" in target && target.flag === flag.key
  if ((file.overrides ?? []).some(isOverridden)) return new Inexpressible("testers are given variants of it")
  const dependencies = dependenciesOf(flag, flags)
  if (dependencies instanceof Inexpressible) return dependencies
  const strategies = flag.enabled ? strategiesOf(flag, file, groups) : servedToAll(flag, flag.off_variant)
  if (strategies instanceof Inexpressible) return strategies
  return {
    name: flag.key,
    type: "release",
    // Without a strategy a client takes the feature for on.
    enabled: strategies.length > 0,
    stale: false,
    impressionData: false,
    project: "default",
    strategies,
    variants: [],
    dependencies
  }
}

/** Gates that a client knows: another flag that is on. */
const dependenciesOf = (flag: EvaluatedFlag, flags: Flags): UnleashFeature["dependencies"] | Inexpressible => {
  const { enabled, prerequisites = [] } = flag
  if (!enabled || prerequisites.length === 0) return []
  if (servedToAll(flag, flag.off_variant).length > 0) {
    return new Inexpressible("behind a closed prerequisite it serves a variant")
  }
  const dependencies: Array<{ readonly feature: string; readonly enabled: boolean }> = []
  for (const { condition, flag: key } of prerequisites) {
    const parent = flags.get(key)
    const [test, ...more] = Object.entries(condition)
    const asksForOn = test !== undefined && test[0] === "value" && test[1] === true && more.length === 0
    if (parent?.type !== "boolean" || !asksForOn) {
      return new Inexpressible("a prerequisite asks for something else than a boolean flag that is on")
    }
    if ((parent.prerequisites ?? []).length > 0) return new Inexpressible("a prerequisite has prerequisites")
    dependencies.push({ feature: key, enabled: true })
  }
  return dependencies
}

const strategiesOf = (
  flag: EvaluatedFlag,
  file: FlagFile,
  groups: Groups
): ReadonlyArray<UnleashStrategy> | Inexpressible => {
  const strategies: Array<UnleashStrategy> = []
  let servedOff = false
  const add = (some: ReadonlyArray<UnleashStrategy>): boolean => {
    if (some.length > 0 && servedOff) return false
    strategies.push(...some)
    if (some.length === 0) servedOff = true
    return true
  }
  const laterOn = new Inexpressible("a rule that serves no value or false stands before one that serves more")
  for (const rule of flag.rules) {
    if (rule.enabled === false) continue
    const strategy = strategyOf(rule, flag, file, groups)
    if (strategy instanceof Inexpressible) return strategy
    if (!add(strategy)) return laterOn
  }
  return add(servedToAll(flag, flag.default_variant)) ? strategies : laterOn
}

/** The variant for everybody; nothing where it is what a client says without a strategy. */
const servedToAll = (flag: EvaluatedFlag, variant: string | null): ReadonlyArray<UnleashStrategy> => {
  const variants = variant === null ? undefined : variantsOf(flag, [{ variant, weight: 100 }], "default")
  return variants === undefined ? [] : [{ name: "default", parameters: {}, constraints: [], variants }]
}

const strategyOf = (
  rule: FlagRule,
  flag: EvaluatedFlag,
  { holdouts = [] }: FlagFile,
  groups: Groups
): ReadonlyArray<UnleashStrategy> | Inexpressible => {
  const { condition = {}, percent = 100, serve, unit = unitAttributes } = rule
  if ("experiment" in serve) return new Inexpressible("a rule serves an experiment, whose exposures are recorded here")
  if ((rule.prerequisites ?? []).length > 0) return new Inexpressible("a rule has prerequisites")
  if (rule.release === true && holdouts.some(({ team }) => team === undefined || team === flag.team)) {
    return new Inexpressible("a holdout binds a rule")
  }
  const isShared = "split" in serve || percent < 100
  if (isShared && rule.hash !== "unleash") return new Inexpressible("a rule shares units out by another hash")
  if ("split" in serve && flag.type === "boolean") return new Inexpressible("a rule splits true and false")
  const stickiness = stickinessOf(unit)
  if (isShared && stickiness === undefined) return new Inexpressible("a rule hashes a list of attributes")
  const constraints = constraintsOf(condition, groups)
  if (constraints instanceof Inexpressible) return constraints
  const shares = "split" in serve ? serve.split : [{ variant: serve.variant, weight: 100 }]
  const variants = variantsOf(flag, shares, stickiness ?? "default")
  if (variants === undefined) return []
  return [isShared ? rollout(flag, rule, constraints, variants, stickiness!) : { ...toAll, constraints, variants }]
}

const toAll = { name: "default", parameters: {} } as const

const rollout = (
  { key }: EvaluatedFlag,
  { percent = 100, seed }: FlagRule,
  constraints: ReadonlyArray<UnleashConstraint>,
  variants: ReadonlyArray<UnleashVariant>,
  stickiness: string
): UnleashStrategy => ({
  name: "flexibleRollout",
  parameters: { rollout: String(percent), stickiness, groupId: seed ?? key },
  constraints,
  variants
})

/** What a client hashes; nothing where it could not. */
const stickinessOf = (unit: ReadonlyArray<string>): string | undefined => {
  const [first, ...more] = unit
  if (unit.join() === unitAttributes.join()) return "default"
  return first === undefined || more.length > 0 ? undefined : contextNameOf(first)
}

/** Variants with their values; nothing where a client says as much by a feature that is off. A boolean has none. */
const variantsOf = (
  { type, variants }: EvaluatedFlag,
  shares: ReadonlyArray<{ readonly variant: string; readonly weight: number }>,
  stickiness: string
): ReadonlyArray<UnleashVariant> | undefined => {
  const values = new Map(variants.map(({ name, value }) => [name, value]))
  if (type === "boolean") return values.get(shares[0]?.variant ?? "") === true ? [] : undefined
  return shares.map(({ variant, weight }) => ({
    name: variant,
    weight: weight * 10,
    stickiness,
    payload: payloadOf(type, values.get(variant))
  }))
}

export const payloadOf = (type: Exclude<FlagType, "boolean">, value: unknown): UnleashPayload =>
  type === "json" ? { type, value: JSON.stringify(value) } : { type, value: String(value) }
