import type {
  Assigned,
  Assignment,
  Compared,
  Evaluation,
  EvaluationContext,
  EvaluationReason,
  HeldOut,
  TraceStep
} from "../../../ports/experiments/Evaluation.ts"
import { assign, comparedWith, heldOutBy, noneCompared, notTargeted } from "./assign.ts"
import type { CompiledFlag, CompiledFlags, CompiledRule } from "./CompiledFlags.ts"
import { Subject } from "./Subject.ts"

/** What a rule does with a subject. */
type RuleOutcome =
  | {
      readonly kind: "served"
      readonly variant: string
      readonly reason: EvaluationReason
      readonly bucket: number | null
      readonly assignment: Assignment | null
      readonly compared: Compared
    }
  | Exclude<Assigned, { readonly kind: "assigned" }>

/**
 * The value of a flag for a context: a pure total function of the compiled file and the context. Undefined where there
 * is no flag of that key. Costs no I/O, reads no clock and draws no chance.
 */
export const evaluate = (flags: CompiledFlags, key: string, context: EvaluationContext): Evaluation | undefined =>
  evaluateFor(new Subject(flags, context, valueOf), key)

/** Every flag, or those named, for one context; names that are no flag are left out. */
export const evaluateMany = (
  flags: CompiledFlags,
  context: EvaluationContext,
  keys: Iterable<string> = flags.flags.keys()
): ReadonlyArray<Evaluation> => {
  const subject = new Subject(flags, context, valueOf)
  const found: Array<Evaluation> = []
  for (const key of keys) {
    const evaluation = evaluateFor(subject, key)
    if (evaluation !== undefined) found.push(evaluation)
  }
  return found
}

/** The same value, with what became of each rule on the way. */
export const explain = (
  flags: CompiledFlags,
  key: string,
  context: EvaluationContext
): { readonly evaluation: Evaluation; readonly trace: ReadonlyArray<TraceStep> } | undefined => {
  const trace: Array<TraceStep> = []
  const evaluation = evaluateFor(new Subject(flags, context, valueOf, true), key, trace)
  return evaluation === undefined ? undefined : { evaluation, trace }
}

/** What an experiment does with the unit of a context, whether or not a flag serves it. */
export const assignVariant = (
  flags: CompiledFlags,
  experiment: string,
  context: EvaluationContext
): Assigned | undefined => {
  const compiled = flags.experiments.get(experiment)
  return compiled === undefined ? undefined : assign(compiled, new Subject(flags, context, valueOf, true))
}

const valueOf = (key: string, subject: Subject): { readonly value: unknown } | undefined => {
  if (subject.underWay.has(key)) return undefined
  const known = subject.known.get(key)
  if (known !== undefined) return known
  const found = evaluateFor(subject, key)
  if (found !== undefined) subject.known.set(key, found)
  return found
}

const evaluateFor = (subject: Subject, key: string, trace?: Array<TraceStep>): Evaluation | undefined => {
  const flag = subject.flags.flags.get(key)
  if (flag === undefined) return undefined
  const forced = subject.context.forced?.flags
  if (forced !== undefined && Object.hasOwn(forced, key) && flag.values.has(forced[key]!)) {
    return served(flag, forced[key]!, "STATIC", { forced: true })
  }
  const overridden = flag.overrides === undefined ? undefined : subject.overriddenBy(flag.overrides)
  if (overridden !== undefined && flag.values.has(overridden.variant)) {
    return served(flag, overridden.variant, "TARGETING_MATCH", { forced: true, override: overridden.override })
  }
  if (!flag.enabled) return served(flag, flag.offVariant, "DISABLED")
  if (!flag.dependsOnFlags) return evaluateRules(flag, subject, trace)
  subject.underWay.add(key)
  const closed = subject.closedGate(flag.gates)
  const evaluation =
    closed === undefined
      ? evaluateRules(flag, subject, trace)
      : served(flag, flag.offVariant, "DEFAULT", { prerequisite: closed })
  subject.underWay.delete(key)
  return evaluation
}

const evaluateRules = (flag: CompiledFlag, subject: Subject, trace?: Array<TraceStep>): Evaluation => {
  let heldOut: HeldOut | null = null
  let compared = noneCompared
  for (const rule of flag.rules) {
    const outcome = applyRule(rule, flag, subject)
    trace?.push(stepOf(rule, outcome, subject))
    if (outcome.kind !== "passed_over" && compared === noneCompared) compared = outcome.compared
    if (outcome.kind === "served") {
      const { assignment, bucket, reason, variant } = outcome
      return served(flag, variant, reason, { rule: rule.id, bucket, assignment, heldOut, compared })
    }
    if (outcome.kind === "held_out") heldOut ??= outcome.heldOut
  }
  const reason = heldOut !== null ? "SPLIT" : flag.rules.length === 0 ? "STATIC" : "DEFAULT"
  return served(flag, flag.defaultVariant, reason, { heldOut, compared })
}

const applyRule = (rule: CompiledRule, flag: CompiledFlag, subject: Subject): RuleOutcome => {
  const { serve } = rule
  if (serve.kind === "experiment") return applyExperiment(rule, flag, subject)
  const holding = subject.heldBy(rule.holdouts)
  const untargeted = notTargeted(rule.targeting, rule.gates, subject)
  if (untargeted !== undefined) return untargeted
  if (!rule.isShared && holding.holdout === undefined) {
    const reason = rule.targeting === undefined && rule.gates.length === 0 ? "STATIC" : "TARGETING_MATCH"
    const named = holding.compared.length === 0 ? undefined : subject.unit(rule.unit)
    const compared = named === undefined ? noneCompared : comparedWith(holding, null, named)
    return serveVariant(serve.kind === "variant" ? serve.variant : "", flag, { reason, compared })
  }
  const unit = subject.unit(rule.unit)
  if (unit === undefined) return { kind: "passed_over", why: "no_unit", detail: null }
  if (rule.isShared && !rule.bucketing.includes(unit.id)) return { kind: "passed_over", why: "rollout", detail: null }
  const compared = comparedWith(holding, null, unit)
  if (holding.holdout !== undefined)
    return { kind: "held_out", heldOut: heldOutBy(holding.holdout, null, unit), compared }
  const bucket = rule.bucketing.bucketOf(unit.id)
  const variant = serve.kind === "variant" ? serve.variant : serve.variants[rule.bucketing.placeOf(bucket)]
  return variant === undefined
    ? { kind: "passed_over", why: "rollout", detail: null }
    : serveVariant(variant, flag, { reason: "SPLIT", bucket, compared })
}

interface Serving {
  readonly reason: EvaluationReason
  readonly compared: Compared
  readonly bucket?: number | null
  readonly assignment?: Assignment | null
}

const serveVariant = (
  variant: string,
  flag: CompiledFlag,
  { assignment = null, bucket = null, compared, reason }: Serving
): RuleOutcome =>
  flag.values.has(variant)
    ? { kind: "served", variant, reason, bucket, assignment, compared }
    : { kind: "passed_over", why: "no_variant", detail: variant }

const applyExperiment = (rule: CompiledRule, flag: CompiledFlag, subject: Subject): RuleOutcome => {
  const experiment = rule.serve.kind === "experiment" ? rule.serve.experiment : undefined
  if (experiment === undefined) return { kind: "passed_over", why: "off", detail: null }
  const untargeted = notTargeted(rule.targeting, rule.gates, subject)
  if (untargeted !== undefined) return untargeted
  if (rule.isShared) {
    const unit = subject.unit(rule.unit)
    if (unit === undefined) return { kind: "passed_over", why: "no_unit", detail: null }
    if (!rule.bucketing.includes(unit.id)) return { kind: "passed_over", why: "rollout", detail: null }
  }
  const assigned = assign(experiment, subject)
  if (assigned.kind !== "assigned") return assigned
  const { assignment, compared } = assigned
  return serveVariant(assignment.variant, flag, { reason: "SPLIT", bucket: assignment.bucket, assignment, compared })
}

interface ServedBy {
  readonly rule?: string
  readonly bucket?: number | null
  readonly assignment?: Assignment | null
  readonly heldOut?: HeldOut | null
  readonly compared?: Compared
  readonly prerequisite?: string
  readonly forced?: boolean
  readonly override?: string
}

const served = (
  flag: CompiledFlag,
  variant: string | null,
  reason: EvaluationReason,
  {
    assignment = null,
    bucket = null,
    compared = noneCompared,
    forced = false,
    heldOut = null,
    override,
    prerequisite,
    rule
  }: ServedBy = {}
): Evaluation => ({
  key: flag.key,
  value: variant === null ? undefined : flag.values.get(variant),
  variant,
  reason,
  rule: rule ?? null,
  bucket,
  assignment: assignment !== null && assignment.from === "forced" ? null : assignment,
  held_out: heldOut,
  compared,
  prerequisite: prerequisite ?? null,
  forced: forced || assignment?.from === "forced",
  override: override ?? assignment?.override ?? null
})

const stepOf = (rule: CompiledRule, outcome: RuleOutcome, subject: Subject): TraceStep => {
  const step = { rule: rule.id, hash_input: null, bucket: null }
  if (outcome.kind === "held_out") return { ...step, outcome: "holdout", detail: outcome.heldOut.holdout }
  if (outcome.kind === "passed_over") return { ...step, outcome: outcome.why, detail: outcome.detail }
  const { assignment, bucket } = outcome
  return { ...step, outcome: "served", detail: null, hash_input: inputOf(rule, bucket, assignment, subject), bucket }
}

/** What was hashed for a bucket; nothing where none was needed. */
const inputOf = (rule: CompiledRule, bucket: number | null, assignment: Assignment | null, subject: Subject) => {
  if (bucket === null) return null
  const hashing = rule.serve.kind === "experiment" ? rule.serve.experiment?.bucketing : rule.bucketing
  const unit = assignment?.unit ?? subject.unit(rule.unit)?.id
  return hashing === undefined || unit === undefined ? null : hashing.inputOf(unit)
}
