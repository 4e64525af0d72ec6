import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

/** Who an event `e` counts for, where its people `p` are joined. */
export const person = "coalesce(p.person, e.subject)"

/** Events with their people, and with the traits that the filter names. */
export const eventsWithPeople = (workspace: string, filter: PlanFilter): string =>
  `store.events e left join store.people p on p.subject = e.subject${traitJoins(workspace, traitsOf(filter, []))}`

/** Those of them for which the filter and the other conditions hold. */
export const selectedEvents = (workspace: string, filter: PlanFilter, conditions: ReadonlyArray<string>): string =>
  `${eventsWithPeople(workspace, filter)}
  where ${[`e.workspace = ${quote(workspace)}`, ...conditions, filterText(filter)].join(" and ")}`
