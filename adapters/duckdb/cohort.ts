import type { PlanCohort } from "../../ports/analytics/PlanFilter.ts"
import { cohortText } from "./cohortText.ts"
import type { Read } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"

/** Every cohort that a plan or a part of it names, those that others name before them. */
export const cohortsOf = (part: unknown, found = new Map<string, PlanCohort>()): ReadonlyMap<string, PlanCohort> => {
  if (typeof part !== "object" || part === null) return found
  if (isCohort(part)) {
    if (found.has(part.digest)) return found
    cohortsOf(part.rule, found)
    return found.set(part.digest, part)
  }
  // Lists of ids name nothing.
  if (Array.isArray(part) && typeof part[0] === "string") return found
  for (const each of Object.values(part)) cohortsOf(each, found)
  return found
}

const isCohort = (part: object): part is PlanCohort => "digest" in part && "rule" in part

/** Makes the tables of the cohorts that the plan names: each once, however often it is named. */
export const gatherCohorts = async (read: Read, workspace: string, plan: unknown): Promise<void> => {
  const cohorts = cohortsOf(plan)
  if (cohorts.size === 0) return
  const asOfMillis = (await newestArrival(read, workspace)) ?? 0
  for (const cohort of cohorts.values()) await read(cohortText(workspace, cohort, asOfMillis))
}
