import { Effect } from "effect"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"

/** Kept definitions that may name a cohort. */
const holders: ReadonlyArray<{ readonly name: string }> = [cohorts, funnels, insights]

/** Every kept definition that names the cohort. */
export const usersOfCohort = (workspace: WorkspaceId, cohort: string) =>
  Effect.map(
    Effect.forEach(holders, (holder) =>
      gatherItems(holder, workspace, (item: Stamps & { readonly name: string }): ReadonlyArray<User> =>
        namedCohorts(item).some(({ id }) => id === cohort)
          ? [{ target: `${holder.name}/${item.id}`, name: item.name }]
          : []
      )
    ),
    (users) => users.flat()
  )
