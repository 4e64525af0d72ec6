import type { EvaluatedFlag, FlagFile, FlagRule } from "../../../ports/experiments/FlagFile.ts"
import { groupsNamed } from "../../targeting/checkCondition.ts"

const namesAny = (part: unknown, groups: ReadonlySet<string>): boolean =>
  [...groupsNamed(part)].some((group) => groups.has(group))

/** Groups that are cohorts, or come to one through others. */
const groupsOfCohorts = (groups: NonNullable<FlagFile["groups"]>): ReadonlySet<string> => {
  const found = new Set(groups.flatMap(({ id, type }) => (type === "cohort" ? [id] : [])))
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const group of groups) {
      if (group.type === "condition" && namesAny(group.condition, found)) found.add(group.id)
    }
  }
  return found
}

/** Flags that a flag looks at. */
const flagsNamed = (prerequisites: EvaluatedFlag["prerequisites"]): ReadonlyArray<string> =>
  (prerequisites ?? []).map(({ flag }) => flag)

/**
 * What of a file can be evaluated without the service: flags that come to a cohort, whose members the service alone
 * knows, are left out whole, and with them what rests on them, so that nobody is served another value than the service
 * would serve.
 */
export const locallyEvaluable = (file: FlagFile): FlagFile => {
  const { experiments = [], flags, groups = [] } = file
  const unknown = groupsOfCohorts(groups)
  if (unknown.size === 0) return file
  const namesUnknown = (part: unknown) => namesAny(part, unknown)
  const gone = new Set<string>()
  const isGone = (prerequisites: EvaluatedFlag["prerequisites"]) =>
    namesUnknown(prerequisites) || flagsNamed(prerequisites).some((flag) => gone.has(flag))
  const isExperimentGone = (id: string): boolean => {
    const experiment = experiments.find((each) => each.id === id)
    return experiment !== undefined && (namesUnknown(experiment.condition) || isGone(experiment.prerequisites))
  }
  const isRuleGone = ({ condition, prerequisites, serve }: FlagRule): boolean =>
    namesUnknown(condition) || isGone(prerequisites) || ("experiment" in serve && isExperimentGone(serve.experiment))
  for (let before = -1; before < gone.size;) {
    before = gone.size
    for (const { key, prerequisites, rules } of flags)
      if (isGone(prerequisites) || rules.some(isRuleGone)) gone.add(key)
  }
  return {
    ...file,
    flags: flags.filter(({ key }) => !gone.has(key)),
    experiments: experiments.filter(({ id }) => !isExperimentGone(id)),
    groups: groups.filter(({ id }) => !unknown.has(id))
  }
}
