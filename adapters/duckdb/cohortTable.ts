import type { PlanCohort } from "../../ports/analytics/PlanFilter.ts"

/** The temporary table of the subjects of a cohort's members, and of the members themselves. */
export const cohortTable = ({ digest }: PlanCohort): string => `"cohort ${digest.replaceAll('"', "")}"`
