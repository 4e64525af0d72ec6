import { Effect } from "effect"
import { alerts } from "../../../ports/analytics/Alert.ts"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { segments } from "../../../ports/experiments/Flag.ts"
import type { Segment } from "../../../ports/experiments/Flag.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"

/** Kept definitions that may name cohorts and goals; flags and experiments name cohorts through segments. */
const holders: ReadonlyArray<{ readonly name: string }> = [cohorts, funnels, insights, alerts, experiments, segments]

/** What of a definition is asked of analytics: an attribute that is targeted by may be called as a cohort is, too. */
const askedIn = (holder: string, item: object): unknown => {
  if (holder === segments.name) {
    const { members } = item as Segment
    return "cohort" in members ? members : {}
  }
  if (holder !== experiments.name) return item
  const { goals, guardrails, secondary } = item as Experiment
  return { goals, guardrails, secondary }
}

/** Every kept definition that names what is looked for. */
export const definitionsThat = (workspace: WorkspaceId, names: (definition: unknown) => boolean) =>
  Effect.map(
    Effect.forEach(holders, (holder) =>
      gatherItems(holder, workspace, (item: Stamps & { readonly name?: string }): ReadonlyArray<User> =>
        names(askedIn(holder.name, item)) ? [{ target: `${holder.name}/${item.id}`, name: item.name ?? item.id }] : []
      )
    ),
    (users) => users.flat()
  )

export const usersOfCohort = (workspace: WorkspaceId, cohort: string) =>
  definitionsThat(workspace, (definition) => namedCohorts(definition).some(({ id }) => id === cohort))
