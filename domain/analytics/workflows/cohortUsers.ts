import { Effect } from "effect"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { User } from "../../platform/resources.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"

/** Kept definitions that may name a cohort. */
const holders: ReadonlyArray<{ readonly name: string }> = [cohorts, funnels, insights]

/** Every kept definition that names the cohort. */
export const usersOfCohort = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const users: Array<User> = []
  for (const { name: collection } of holders) {
    let cursor: string | undefined
    do {
      const page = yield* documents.list({
        workspace,
        collection,
        index: "by_time",
        equals: [],
        limit: listLimitMax,
        cursor
      })
      for (const item of page.items) {
        if (!namedCohorts(item.data).some((each) => each.id === id)) continue
        users.push({ target: `${collection}/${item.id}`, name: (item.data as { readonly name: string }).name })
      }
      cursor = page.next
      yield* Effect.yieldNow
    } while (cursor !== undefined)
  }
  return users
})
