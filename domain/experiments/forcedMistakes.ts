import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { EvaluationContext } from "../../ports/experiments/Evaluation.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"

type Forced = NonNullable<EvaluationContext["forced"]>

/** What cannot be forced, for there is no such flag, experiment or variant; pointers begin with `/forced`. */
export const forcedMistakes = (snapshot: FlagSnapshot, forced: Forced): ReadonlyArray<FieldError> => [
  ...unknownVariants(snapshot, forced),
  ...unknownArms(snapshot, forced)
]

const unknownVariants = (snapshot: FlagSnapshot, { flags = {} }: Forced): ReadonlyArray<FieldError> =>
  Object.entries(flags).flatMap(([flag, variant]) => {
    const pointer = `/forced/flags/${flag}`
    const evaluation = snapshot.evaluate(flag, { attributes: {}, forced: { flags: { [flag]: variant } } })
    if (evaluation === undefined) return [{ pointer, code: "unknown_flag", detail: `there is no flag ${flag}` }]
    return evaluation.forced ? [] : [{ pointer, code: "unknown_variant", detail: `${flag} has no variant ${variant}` }]
  })

/** One that does not run takes nobody, also where it is forced: the trace says so. */
const unknownArms = (snapshot: FlagSnapshot, { experiments = {} }: Forced): ReadonlyArray<FieldError> =>
  Object.entries(experiments).flatMap(([experiment, variant]) => {
    const pointer = `/forced/experiments/${experiment}`
    const assigned = snapshot.assign(experiment, { attributes: {}, forced: { experiments: { [experiment]: variant } } })
    if (assigned === undefined) {
      return [{ pointer, code: "unknown_experiment", detail: `there is no experiment ${experiment}` }]
    }
    const isForced = assigned.kind === "assigned" && assigned.assignment.from === "forced"
    const isOff = assigned.kind === "passed_over" && assigned.why === "off"
    return isForced || isOff
      ? []
      : [{ pointer, code: "unknown_variant", detail: `${experiment} has no variant ${variant}` }]
  })
