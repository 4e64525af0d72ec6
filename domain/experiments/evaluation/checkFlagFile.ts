import type {
  EvaluatedExperiment,
  EvaluatedFlag,
  EvaluatedOverride,
  FlagFile,
  FlagRule,
  FlagType
} from "../../../ports/experiments/FlagFile.ts"
import { conditionTestsMax } from "../../../ports/targeting/Condition.ts"
import { checkCondition, groupReferences, groupsNamed, testCount } from "../../targeting/checkCondition.ts"

/** A mistake in a file of flags; the pointer is into the file (RFC 6901). */
export interface FlagFileMistake {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

type Say = (pointer: string, code: string, detail: string) => void

/** Flags in a chain of prerequisites. */
export const prerequisiteDepthMax = 10

/** Every mistake that makes a file mean less than it says. Shapes are the schema's part. */
export const checkFlagFile = (file: FlagFile): ReadonlyArray<FlagFileMistake> => {
  const mistakes: Array<FlagFileMistake> = []
  const say: Say = (pointer, code, detail) => {
    mistakes.push({ pointer, code, detail })
  }
  const { experiments = [], groups = [], holdouts = [], overrides = [] } = file
  const expanded = expandedGroups(groups)
  const known: Known = {
    testsOf: (condition) => testsIn(condition, expanded),
    flags: new Map(file.flags.map((flag) => [flag.key, flag])),
    experiments: new Map(experiments.map((each) => [each.id, each])),
    groups: new Set(groups.map(({ id }) => id))
  }
  noTwice("/flags", "key", file.flags, say)
  noTwice("/experiments", "id", experiments, say)
  noTwice("/groups", "id", groups, say)
  noTwice("/holdouts", "id", holdouts, say)
  file.flags.forEach((flag, at) => checkFlag(flag, `/flags/${at}`, known, say))
  experiments.forEach((experiment, at) => checkExperiment(experiment, `/experiments/${at}`, known, say))
  groups.forEach((group, at) => {
    if (group.type === "condition") checkTargeting(group.condition, `/groups/${at}/condition`, known, say)
  })
  checkGroups(groups, say)
  checkOverrides(overrides, known, say)
  checkLayers(experiments, say)
  checkCycles(file.flags, known, say)
  return mistakes
}

interface Known {
  /** Tests of a condition with those of all the groups that it names. */
  readonly testsOf: (condition: unknown) => number
  readonly flags: ReadonlyMap<string, EvaluatedFlag>
  readonly experiments: ReadonlyMap<string, EvaluatedExperiment>
  readonly groups: ReadonlySet<string>
}

type Groups = NonNullable<FlagFile["groups"]>

/** Tests of a condition, each reference to a group as all of that group's. */
const testsIn = (condition: unknown, expanded: ReadonlyMap<string, number>): number =>
  testCount(condition) + groupReferences(condition).reduce((sum, id) => sum + (expanded.get(id) ?? 0), 0)

/** Tests of every group with those of the groups that it names; without end where it comes back to itself. */
const expandedGroups = (groups: Groups): ReadonlyMap<string, number> => {
  const byId = new Map(groups.map((group) => [group.id, group]))
  const expanded = new Map<string, number>()
  const expand = (id: string): number => {
    const done = expanded.get(id)
    if (done !== undefined) return done
    // Whoever meets it on the way is in a circle.
    expanded.set(id, Number.POSITIVE_INFINITY)
    const group = byId.get(id)
    if (group?.type === "condition") for (const named of groupReferences(group.condition)) expand(named)
    expanded.set(id, group?.type === "condition" ? testsIn(group.condition, expanded) : 1)
    return expanded.get(id)!
  }
  for (const { id } of groups) expand(id)
  return expanded
}

/** Variants that there are, and no unit with two of them. */
const checkOverrides = (overrides: ReadonlyArray<EvaluatedOverride>, known: Known, say: Say) => {
  noTwice("/overrides", "id", overrides, say)
  const taken = new Map<string, string>()
  for (const [at, { attribute, id, target, units, variant }] of overrides.entries()) {
    const [kind, name] =
      "flag" in target ? (["flag", target.flag] as const) : (["experiment", target.experiment] as const)
    const variants =
      kind === "flag"
        ? known.flags.get(name)?.variants.map((each) => each.name)
        : known.experiments.get(name)?.variants.map((each) => each.variant)
    if (variants === undefined) {
      say(`/overrides/${at}/target/${kind}`, `unknown_${kind}`, `there is no ${kind} ${name}`)
    } else if (!variants.includes(variant)) {
      say(`/overrides/${at}/variant`, "unknown_variant", `${name} has no variant ${variant}`)
    }
    for (const [place, unit] of units.entries()) {
      const key = JSON.stringify([kind, name, attribute, unit])
      const other = taken.get(key)
      if (other !== undefined) say(`/overrides/${at}/units/${place}`, "taken", `${unit} is in the override ${other}`)
      taken.set(key, id)
    }
  }
}

/** A group that names itself, through others or not, has no members that could be told. */
const checkGroups = (groups: Groups, say: Say) => {
  const names = new Map(
    groups.map((group) => [group.id, group.type === "condition" ? groupsNamed(group.condition) : new Set<string>()])
  )
  for (const [at, { id }] of groups.entries()) {
    const seen = new Set<string>()
    const open = [...(names.get(id) ?? [])]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === id) {
        say(`/groups/${at}/condition`, "cycle", `${id} would be a part of itself`)
        break
      }
      if (!seen.has(next)) open.push(...(names.get(next) ?? []))
      seen.add(next)
    }
  }
}

const noTwice = <Name extends string>(
  pointer: string,
  name: Name,
  items: ReadonlyArray<Readonly<Record<Name, string>>>,
  say: Say
) => {
  const seen = new Set<string>()
  for (const [at, item] of items.entries()) {
    if (seen.has(item[name])) say(`${pointer}/${at}/${name}`, "duplicate", `${item[name]} is here twice`)
    seen.add(item[name])
  }
}

const checkTargeting = (condition: unknown, pointer: string, known: Known, say: Say) => {
  for (const mistake of checkCondition(condition)) say(`${pointer}${mistake.pointer}`, mistake.code, mistake.detail)
  if (known.testsOf(condition) > conditionTestsMax) {
    say(pointer, "too_many", `has more than ${conditionTestsMax} tests with those of its groups`)
  }
  for (const group of groupsNamed(condition)) {
    if (!known.groups.has(group)) say(pointer, "unknown_group", `there is no group ${group}`)
  }
}

const checkPrerequisites = (prerequisites: EvaluatedFlag["prerequisites"], pointer: string, known: Known, say: Say) => {
  for (const [at, { condition, flag }] of (prerequisites ?? []).entries()) {
    if (!known.flags.has(flag)) say(`${pointer}/prerequisites/${at}/flag`, "unknown_flag", `there is no flag ${flag}`)
    checkTargeting(condition, `${pointer}/prerequisites/${at}/condition`, known, say)
  }
}

const checkWeights = (
  weights: ReadonlyArray<{ readonly variant: string; readonly weight: number }>,
  pointer: string,
  say: Say
) => {
  const sum = weights.reduce((total, { weight }) => total + weight, 0)
  if (sum !== 100) say(pointer, "weights", `weights sum to ${sum}, not to 100`)
  noTwice(pointer, "variant", weights, say)
}

const typeOf = (value: unknown): FlagType => {
  const type = typeof value
  return type === "boolean" || type === "string" || type === "number" ? type : "json"
}

const checkFlag = (flag: EvaluatedFlag, pointer: string, known: Known, say: Say) => {
  const names = new Set(flag.variants.map(({ name }) => name))
  noTwice(`${pointer}/variants`, "name", flag.variants, say)
  for (const [at, { value }] of flag.variants.entries()) {
    const type = typeOf(value)
    const isRight = flag.type === "json" ? value !== undefined : type === flag.type
    if (!isRight) say(`${pointer}/variants/${at}/value`, "wrong_type", `must be a ${flag.type}`)
  }
  const checkVariant = (variant: string | null, at: string) => {
    if (variant !== null && !names.has(variant))
      say(`${pointer}${at}`, "unknown_variant", `there is no variant ${variant}`)
  }
  checkVariant(flag.off_variant, "/off_variant")
  checkVariant(flag.default_variant, "/default_variant")
  checkPrerequisites(flag.prerequisites, pointer, known, say)
  noTwice(`${pointer}/rules`, "id", flag.rules, say)
  for (const [at, rule] of flag.rules.entries()) {
    checkRule(rule, `${pointer}/rules/${at}`, known, say)
    const served = variantsOf(rule, known)
    for (const variant of served) checkVariant(variant, `/rules/${at}/serve`)
  }
}

const variantsOf = ({ serve }: FlagRule, known: Known): ReadonlyArray<string> => {
  if ("variant" in serve) return [serve.variant]
  if ("split" in serve) return serve.split.map(({ variant }) => variant)
  return known.experiments.get(serve.experiment)?.variants.map(({ variant }) => variant) ?? []
}

const checkRule = (rule: FlagRule, pointer: string, known: Known, say: Say) => {
  if (rule.condition !== undefined) checkTargeting(rule.condition, `${pointer}/condition`, known, say)
  checkPrerequisites(rule.prerequisites, pointer, known, say)
  const { serve } = rule
  if ("split" in serve) checkWeights(serve.split, `${pointer}/serve/split`, say)
  if ("experiment" in serve && !known.experiments.has(serve.experiment)) {
    say(`${pointer}/serve/experiment`, "unknown_experiment", `there is no experiment ${serve.experiment}`)
  }
}

const checkExperiment = (experiment: EvaluatedExperiment, pointer: string, known: Known, say: Say) => {
  // A draft need not be whole yet: starting it asks for that.
  if (experiment.running) checkWeights(experiment.variants, `${pointer}/variants`, say)
  if (experiment.condition !== undefined) checkTargeting(experiment.condition, `${pointer}/condition`, known, say)
  checkPrerequisites(experiment.prerequisites, pointer, known, say)
  for (const [at, { from, to }] of (experiment.layer?.slots ?? []).entries()) {
    if (from >= to) say(`${pointer}/layer/slots/${at}`, "empty_range", "must end behind its start")
  }
}

/** No slot of a layer belongs to two running experiments. */
const checkLayers = (experiments: ReadonlyArray<EvaluatedExperiment>, say: Say) => {
  const taken = new Map<string, Array<{ readonly from: number; readonly to: number; readonly id: string }>>()
  for (const [at, { id, layer, running }] of experiments.entries()) {
    if (layer === undefined || !running) continue
    const others = taken.get(layer.id) ?? []
    for (const [place, { from, to }] of layer.slots.entries()) {
      const other = from >= to ? undefined : others.find((range) => from < range.to && range.from < to)
      if (other !== undefined) {
        say(`/experiments/${at}/layer/slots/${place}`, "taken", `slots of layer ${layer.id} belong to ${other.id}`)
      }
      others.push({ from, to, id })
    }
    taken.set(layer.id, others)
  }
}

/** Flags that a flag's value depends on, with the place that says so. */
const dependencies = (flag: EvaluatedFlag, known: Known): ReadonlyArray<readonly [flag: string, pointer: string]> => {
  const all = (prerequisites: EvaluatedFlag["prerequisites"], pointer: string) =>
    (prerequisites ?? []).map(({ flag: key }, at) => [key, `${pointer}/prerequisites/${at}/flag`] as const)
  return [
    ...all(flag.prerequisites, ""),
    ...flag.rules.flatMap(({ prerequisites, serve }, at) => {
      const experiment = "experiment" in serve ? known.experiments.get(serve.experiment) : undefined
      const through = (experiment?.prerequisites ?? []).map(
        (each) => [each.flag, `/rules/${at}/serve/experiment`] as const
      )
      return [...all(prerequisites, `/rules/${at}`), ...through]
    })
  ]
}

/** A flag whose value would depend on itself, and a chain that is too long; in time that grows with the file alone. */
const checkCycles = (flags: ReadonlyArray<EvaluatedFlag>, known: Known, say: Say) => {
  const edges = new Map(flags.map((flag) => [flag.key, dependencies(flag, known)]))
  const { componentOf, depthOf } = componentsOf(edges)
  for (const [at, { key }] of flags.entries()) {
    for (const [next, pointer] of edges.get(key) ?? []) {
      const isCycle = componentOf.get(next) === componentOf.get(key)
      if (isCycle) say(`/flags/${at}${pointer}`, "cycle", `${key} would depend on itself`)
    }
    if (depthOf(key) > prerequisiteDepthMax) {
      say(`/flags/${at}`, "too_deep", `depends on more than ${prerequisiteDepthMax} flags in a chain`)
    }
  }
}

/**
 * Which flags depend on each other in a circle, and how many others each rests on in a chain (those of a circle count as
 * none, for they are named already). Tarjan's algorithm: each flag and each dependency is looked at once.
 */
const componentsOf = (edges: ReadonlyMap<string, ReturnType<typeof dependencies>>) => {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const componentOf = new Map<string, number>()
  const depths = new Map<string, number>()
  const open: Array<string> = []
  const visit = (key: string) => {
    order.set(key, order.size)
    lowest.set(key, order.get(key)!)
    open.push(key)
    for (const [next] of edges.get(key)!) {
      if (!edges.has(next)) continue
      if (!order.has(next)) visit(next)
      if (!componentOf.has(next)) lowest.set(key, Math.min(lowest.get(key)!, lowest.get(next)!))
    }
    if (lowest.get(key) === order.get(key)) close(key)
  }
  const close = (key: string) => {
    const members = open.splice(open.indexOf(key))
    for (const member of members) componentOf.set(member, order.get(key)!)
    for (const member of members) {
      const below = edges.get(member)!.filter(([next]) => componentOf.get(next) !== order.get(key) && edges.has(next))
      depths.set(member, Math.max(0, ...below.map(([next]) => (depths.get(next) ?? 0) + 1)))
    }
  }
  for (const key of edges.keys()) if (!order.has(key)) visit(key)
  return { componentOf, depthOf: (key: string): number => depths.get(key) ?? 0 }
}
