import type {
  EvaluatedExperiment,
  EvaluatedFlag,
  EvaluatedOverride,
  FlagFile,
  FlagRule
} from "../../../ports/experiments/FlagFile.ts"
import { unitAttributes } from "../../../ports/experiments/FlagFile.ts"
import type { GrowthBookFeature } from "../../../ports/experiments/GrowthBook.ts"
import type { Condition } from "../../../ports/targeting/Condition.ts"
import { bucketRanges } from "../../bucketing/growthbook.ts"

type Json = Readonly<Record<string, unknown>>
type Hash = "growthbook_1" | "growthbook_2"

/** What GrowthBook's clients can evaluate of a file by themselves. */
export interface TranslatedFlags {
  readonly features: Readonly<Record<string, GrowthBookFeature>>
  readonly savedGroups: Json
  /** Flags that they would evaluate otherwise than we do. */
  readonly remoteOnly: ReadonlyArray<string>
}

/**
 * A file in the words of GrowthBook's clients (https://docs.growthbook.io/lib/build-your-own), so that they give every
 * flag the value that we give it. A flag is translated whole or not at all: what rests on a hash that they do not know
 * (ours, Unleash's, layers, holdouts that bind), on shares that a bandit moves, on anything else that they have no words for, or on a flag that does,
 * is evaluated for them remotely and never sent as rules that would give somebody another value.
 *
 * - Shares of a flag's own are rules with `coverage` or `range`, so that they are no experiments and track nobody.
 * - Experiments are experiment rules: the variant is the variation's key, the phase is ours. A `bucketVersion` is the
 *   oldest version that still counts, as their stored variations count for exactly one version.
 * - Overrides come before all else, as values that are forced on those whom they name.
 * - Where several attributes may name the unit there is a rule for each, which asks that those before name nobody.
 */
export const growthbookFeatures = (file: FlagFile): TranslatedFlags => {
  const overrides = file.overrides ?? []
  const known: Known = {
    overridesOf: (kind, key) =>
      [...Map.groupBy(overrides, ({ attribute }) => attribute).values()]
        .flat()
        .filter(({ target }) => (target as Readonly<Record<string, string>>)[kind] === key),
    experiments: new Map((file.experiments ?? []).map((each) => [each.id, each])),
    isBound: (team) =>
      (file.holdouts ?? []).some(
        (holdout) => holdout.percent > 0 && (holdout.team === undefined || holdout.team === team)
      )
  }
  const translated = new Map(file.flags.map((flag) => [flag.key, translateFlag(flag, known)]))
  const remote = new Set(file.flags.filter(({ key }) => translated.get(key) === undefined).map(({ key }) => key))
  for (let before = -1; before !== remote.size;) {
    before = remote.size
    for (const flag of file.flags) {
      const parents = translated.get(flag.key)?.parents ?? []
      if (parents.some((parent) => remote.has(parent) || !translated.has(parent))) remote.add(flag.key)
    }
  }
  const features = [...translated].flatMap(([key, found]) =>
    found === undefined || remote.has(key) ? [] : [[key, found.feature] as const]
  )
  return {
    features: Object.fromEntries(features),
    savedGroups: Object.fromEntries(
      (file.groups ?? []).flatMap((group) => {
        if (group.type === "cohort") return []
        const saved =
          group.type === "list"
            ? { type: "list", attributeKey: group.attribute, values: group.values }
            : { type: "condition", condition: group.condition }
        return [[group.id, saved] as const]
      })
    ),
    remoteOnly: file.flags.map(({ key }) => key).filter((key) => remote.has(key))
  }
}

interface Known {
  readonly experiments: ReadonlyMap<string, EvaluatedExperiment>
  /** Overrides of one target, in the order in which they count. */
  readonly overridesOf: (kind: "flag" | "experiment", key: string) => ReadonlyArray<EvaluatedOverride>
  /** Whether a holdout binds what is of a team. */
  readonly isBound: (team: string | undefined) => boolean
}

interface Translated {
  readonly feature: GrowthBookFeature
  /** Flags whose values have a say. */
  readonly parents: ReadonlyArray<string>
}

type Rules = ReadonlyArray<Json> | undefined

const translateFlag = (flag: EvaluatedFlag, known: Known): Translated | undefined => {
  const values = new Map(flag.variants.map(({ name, value }) => [name, value]))
  const valueOf = (variant: string | null) => (variant === null ? null : (values.get(variant) ?? null))
  const forced = forcedRules(known.overridesOf("flag", flag.key), values)
  if (forced === undefined) return undefined
  if (!flag.enabled) return { feature: featureOf(valueOf(flag.off_variant), forced), parents: [] }
  const gates = flag.prerequisites ?? []
  if (!gates.every(isOfValue)) return undefined
  const closing = gates.map(({ condition, flag: id }) => ({
    parentConditions: [{ id, condition: { $not: condition } }],
    force: valueOf(flag.off_variant)
  }))
  const rules: Array<Json> = [...forced, ...closing]
  const parents = gates.map(({ flag: id }) => id)
  for (const rule of flag.rules) {
    if (rule.enabled === false) continue
    const experiment = "experiment" in rule.serve ? known.experiments.get(rule.serve.experiment) : undefined
    if ("experiment" in rule.serve && !isRunning(experiment)) continue
    const prerequisites = [...(rule.prerequisites ?? []), ...(experiment?.prerequisites ?? [])]
    if (!prerequisites.every(isOfValue)) return undefined
    const found =
      experiment === undefined
        ? translateServed(rule, flag, values, known)
        : translateExperiment(rule, flag, experiment, values, known)
    if (found === undefined) return undefined
    const gate = prerequisites.map(({ condition, flag: id }) => ({ id, condition }))
    parents.push(...gate.map(({ id }) => id))
    rules.push(
      ...found.map((each) => ({ id: rule.id, ...(gate.length === 0 ? {} : { parentConditions: gate }), ...each }))
    )
  }
  return { feature: featureOf(valueOf(flag.default_variant), rules), parents }
}

const featureOf = (defaultValue: unknown, rules: ReadonlyArray<Json>): GrowthBookFeature =>
  rules.length === 0 ? { defaultValue } : { defaultValue, rules }

/** Values that overrides force; nothing where one of them cannot be said. */
const forcedRules = (overrides: ReadonlyArray<EvaluatedOverride>, values: ReadonlyMap<string, unknown>): Rules =>
  overrides.every(({ attribute, variant }) => values.has(variant) && isPlain(attribute))
    ? overrides.map(({ attribute, id, units, variant }) => ({
        id,
        condition: { [attribute]: { $in: units.flatMap(asSent) } },
        force: values.get(variant)
      }))
    : undefined

/** An id as attributes may bear it: text, or the number that it is the text of. */
const asSent = (unit: string): ReadonlyArray<string | number> =>
  String(Number(unit)) === unit && Number.isFinite(Number(unit)) ? [unit, Number(unit)] : [unit]

const isRunning = (experiment: EvaluatedExperiment | undefined): boolean => experiment?.running === true

/** Whether a condition speaks of the value alone: their prerequisites know nothing else of a flag. */
const isOfValue = ({ condition }: { readonly condition: Condition }): boolean => {
  const speaks = (of: unknown): boolean =>
    Array.isArray(of)
      ? of.every(speaks)
      : typeof of === "object" &&
        of !== null &&
        Object.entries(of).every(([name, operand]) =>
          ["$and", "$or", "$nor", "$not"].includes(name)
            ? speaks(operand)
            : name === "value" || name.startsWith("value.")
        )
  return speaks(condition)
}

const hashVersions: Readonly<Record<Hash, 1 | 2>> = { growthbook_1: 1, growthbook_2: 2 }
const isKnown = (hash: string | undefined): hash is Hash => hash === "growthbook_1" || hash === "growthbook_2"

/** A variant or a split: values that are forced on who is in. */
const translateServed = (
  rule: FlagRule,
  flag: EvaluatedFlag,
  values: ReadonlyMap<string, unknown>,
  known: Known
): Rules => {
  const { condition, hash, percent = 100, seed = flag.key, serve, unit = unitAttributes } = rule
  if (rule.release === true && known.isBound(flag.team)) return undefined
  if ("variant" in serve && !values.has(serve.variant)) return []
  if ("variant" in serve && percent >= 100) return [{ ...targeted(condition), force: values.get(serve.variant) }]
  if ("variant" in serve && percent <= 0) return []
  const places = placesOf(unit)
  if (!isKnown(hash) || seed === "" || places === undefined) return undefined
  const hashed = { seed, hashVersion: hashVersions[hash] }
  const shares: ReadonlyArray<Json> =
    "variant" in serve
      ? [{ force: values.get(serve.variant), coverage: percent / 100 }]
      : "split" in serve
        ? bucketRanges(
            serve.split.length,
            percent / 100,
            serve.split.map(({ weight }) => weight / 100)
          ).flatMap((range, at) => {
            const { variant } = serve.split[at]!
            return values.has(variant) ? [{ force: values.get(variant), range }] : []
          })
        : []
  return places.flatMap((place) =>
    shares.map((share) => ({
      ...targeted(condition, place.condition),
      ...share,
      ...hashed,
      hashAttribute: place.attribute
    }))
  )
}

/** An experiment's variants: its own rule, which tracks. */
const translateExperiment = (
  rule: FlagRule,
  flag: EvaluatedFlag,
  experiment: EvaluatedExperiment,
  values: ReadonlyMap<string, unknown>,
  known: Known
): Rules => {
  const { hash, id, layer, percent = 100, phase, seed = id, team, unit = unitAttributes, variants } = experiment
  const places = placesOf(unit)
  const inRule = rolloutOf(rule, flag)
  if (!isKnown(hash) || layer !== undefined || known.isBound(team) || experiment.step !== undefined) return undefined
  if (inRule === undefined || places === undefined || seed === "") return undefined
  if (variants.length < 2 || !variants.every(({ variant }) => values.has(variant))) return undefined
  const forced = forcedRules(known.overridesOf("experiment", id), values)
  // An override asks for the rule's prerequisites, and not for the experiment's.
  if (forced === undefined || (forced.length > 0 && experiment.prerequisites !== undefined)) return undefined
  const testers = inRule.flatMap(({ condition, filters }) =>
    forced.map((each) => ({
      ...each,
      ...targeted(rule.condition, condition, each["condition"] as Condition),
      ...(filters === undefined ? {} : { filters })
    }))
  )
  const isSticky = experiment.sticky_since !== undefined
  const oldest = experiment.bucket_version_min ?? 0
  const taken = places.flatMap((place) =>
    inRule.map((entrance) => ({
      ...targeted(rule.condition, experiment.condition, entrance.condition, place.condition),
      ...(entrance.filters === undefined ? {} : { filters: entrance.filters }),
      key: id,
      phase: String(phase),
      variations: variants.map(({ variant }) => values.get(variant)),
      meta: variants.map(({ variant }) => ({ key: variant })),
      weights: variants.map(({ weight }) => weight / 100),
      coverage: percent / 100,
      seed,
      hashVersion: hashVersions[hash],
      hashAttribute: place.attribute,
      ...(isSticky
        ? { bucketVersion: oldest, minBucketVersion: experiment.old_assignments === "exclude" ? oldest : 0 }
        : { disableStickyBucketing: true })
    }))
  )
  return [...testers, ...taken]
}

interface Entrance {
  readonly condition: Condition | undefined
  readonly filters?: ReadonlyArray<Json>
}

/** The share of a rule that an experiment stands behind: everybody, or a filter for each attribute of the unit. */
const rolloutOf = (
  { hash, percent = 100, seed, unit = unitAttributes }: FlagRule,
  flag: EvaluatedFlag
): ReadonlyArray<Entrance> | undefined => {
  if (percent >= 100) return [{ condition: undefined }]
  if (percent <= 0) return []
  const places = placesOf(unit)
  if (!isKnown(hash) || seed === "" || places === undefined) return undefined
  return places.map(({ attribute, condition }) => ({
    condition,
    filters: [
      // The share's end belongs to it, and to a range it does not.
      {
        attribute,
        seed: seed ?? flag.key,
        hashVersion: hashVersions[hash],
        ranges: [[0, percent / 100 + endOfRange]]
      }
    ]
  }))
}
/** Less than the hash's finest step. */
const endOfRange = 0.000_01

interface Place {
  readonly attribute: string
  readonly condition: Condition
}

/** Where the unit may stand, in order; nothing where an attribute's name would be read as a path. */
const placesOf = (attributes: ReadonlyArray<string>): ReadonlyArray<Place> | undefined =>
  !attributes.every(isPlain)
    ? undefined
    : attributes.map((attribute, at) => ({
        attribute,
        condition: {
          $and: [namesUnit(attribute), ...attributes.slice(0, at).map((before) => ({ $not: isId(before) }))]
        }
      }))

const isPlain = (attribute: string): boolean => !attribute.includes(".") && !attribute.startsWith("$")

/** What we take for an id. */
const isId = (attribute: string): Condition => ({
  $or: [{ [attribute]: { $type: "string", $ne: "" } }, { [attribute]: { $type: "number" } }]
})
/** What both take for one: to their clients 0 is none. */
const namesUnit = (attribute: string): Condition => ({
  $or: [{ [attribute]: { $type: "string", $ne: "" } }, { [attribute]: { $type: "number", $ne: 0 } }]
})

/** All of the conditions. */
const targeted = (...conditions: ReadonlyArray<Condition | undefined>): Json => {
  const asked = conditions.filter((each) => each !== undefined && Object.keys(each).length > 0)
  if (asked.length === 0) return {}
  return { condition: asked.length === 1 ? asked[0] : { $and: asked } }
}
