import type { Assigned, Assignment, Compared, HeldOut, PassedOver } from "../../../ports/experiments/Evaluation.ts"
import { slotOf } from "../../bucketing/sha256Buckets.ts"
import type { CompiledExperiment, CompiledHoldout, Gate, Targeting } from "./CompiledFlags.ts"
import type { Holding, Subject, Unit } from "./Subject.ts"

type PassedOverUnit = Assigned & { readonly kind: "passed_over" }

const passedOver = (why: PassedOver, detail: string | null = null): PassedOverUnit => ({
  kind: "passed_over",
  why,
  detail
})
const unmet = passedOver("condition")

/**
 * The variant of an experiment for a subject. In this order: forced, by the context or an override → holdout → layer → stored → targeting → rollout →
 * variant. A stored assignment stands in for targeting, rollout and variant. Who is held out is said to be so only
 * where the experiment would have taken him, so that he is compared at the same trigger.
 */
export const assign = (experiment: CompiledExperiment, subject: Subject): Assigned => {
  if (!experiment.running) return passedOver("off")
  const unit = subject.unit(experiment.unit)
  const forced = subject.context.forced?.experiments
  if (forced !== undefined && Object.hasOwn(forced, experiment.id)) {
    const variant = forced[experiment.id]!
    if (experiment.variants.includes(variant)) return taken(experiment, unit ?? nobody, variant, null, "forced")
  }
  const overridden = experiment.overrides === undefined ? undefined : subject.overriddenBy(experiment.overrides)
  if (overridden !== undefined && experiment.variants.includes(overridden.variant)) {
    const { override, variant } = overridden
    const forcedBy = taken(experiment, unit ?? nobody, variant, null, "forced")
    return { ...forcedBy, assignment: { ...forcedBy.assignment, override } }
  }
  if (unit === undefined) return passedOver("no_unit")
  const holding = subject.heldBy(experiment.holdouts)
  const found = assignInLayer(experiment, subject, unit)
  if (found.kind !== "assigned") return found
  const compared = comparedWith(holding, experiment.id, unit)
  if (holding.holdout === undefined) return compared === noneCompared ? found : { ...found, compared }
  return { kind: "held_out", heldOut: heldOutBy(holding.holdout, experiment.id, unit), compared }
}

/** What a holdout does to a unit at a trigger: an experiment, or a release. */
export const heldOutBy = ({ id }: CompiledHoldout, experiment: string | null, unit: Unit): HeldOut => ({
  holdout: id,
  experiment,
  unit: unit.id,
  unit_attribute: unit.attribute
})

export const noneCompared: Compared = []

export const comparedWith = ({ compared }: Holding, experiment: string | null, unit: Unit): Compared =>
  compared.length === 0 ? noneCompared : compared.map((holdout) => heldOutBy(holdout, experiment, unit))

const nobody: Unit = { id: "", attribute: "" }

const assignInLayer = (experiment: CompiledExperiment, subject: Subject, unit: Unit): Assigned => {
  const { layer } = experiment
  if (layer !== undefined) {
    const slot = slotOf("layer", layer.id, unit.id)
    if (!layer.slots.some(({ from, to }) => slot >= from && slot < to)) return passedOver("layer", layer.id)
  }
  const { stored } = subject.context
  if (stored !== undefined && stored !== "unavailable" && Object.hasOwn(stored, experiment.id)) {
    const { bucket_version, variant } = stored[experiment.id]!
    const isCurrent = bucket_version >= experiment.oldestVersion
    if (isCurrent && experiment.variants.includes(variant)) return taken(experiment, unit, variant, null, "stored")
    if (!isCurrent && experiment.excludesOld) return passedOver("old_assignment")
  }
  return assignByHash(experiment, subject, unit)
}

const assignByHash = (experiment: CompiledExperiment, subject: Subject, unit: Unit): Assigned => {
  const { allocation, bucketing, gates, stickySince, targeting, variants } = experiment
  const untargeted = notTargeted(targeting, gates, subject)
  if (untargeted !== undefined) return untargeted
  if (!bucketing.includes(unit.id)) return passedOver("rollout")
  const bucket = bucketing.bucketOf(unit.id)
  const isUnknown = stickySince !== undefined && subject.context.stored === "unavailable"
  const from = isUnknown ? "unavailable" : "hash"
  const place = bucketing.placeOf(bucket)
  const variant = variants[place]
  if (variant === undefined) return passedOver("rollout")
  const assigned = taken(experiment, unit, variant, bucket, from)
  if (allocation === undefined) return assigned
  const { probabilities, step } = allocation
  return withAllocation(assigned, { step, probability: probabilities[place] ?? 0 })
}

type Taken = Extract<Assigned, { readonly kind: "assigned" }>

const taken = (
  { id, phase }: CompiledExperiment,
  unit: Unit,
  variant: string,
  bucket: number | null,
  from: Assignment["from"]
): Taken => ({
  kind: "assigned",
  assignment: { experiment: id, phase, variant, unit: unit.id, unit_attribute: unit.attribute, bucket, from },
  compared: noneCompared
})

const withAllocation = (found: Taken, allocation: NonNullable<Assignment["allocation"]>): Taken => ({
  ...found,
  assignment: { ...found.assignment, allocation }
})

/** Why targeting does not meet the subject; nothing where it does. */
export const notTargeted = (
  targeting: Targeting | undefined,
  gates: ReadonlyArray<Gate>,
  subject: Subject
): PassedOverUnit | undefined => {
  const { attributes } = subject.context
  if (targeting !== undefined && !targeting.test(attributes)) {
    if (!subject.isTraced) return unmet
    return passedOver("condition", targeting.failure(attributes) ?? null)
  }
  const closed = gates.length === 0 ? undefined : subject.closedGate(gates)
  return closed === undefined ? undefined : passedOver("prerequisite", closed)
}
