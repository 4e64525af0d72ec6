import type { PageSelection } from "../../ports/analytics/HeatmapPlan.ts"
import { deviceClasses, mobileWidthMax, tabletWidthMax } from "../../ports/analytics/PageQuestion.ts"
import { filterText } from "./conditionText.ts"
import { isValue, pointerTo, quote } from "./literals.ts"
import { eventsWithPeople } from "./peopleText.ts"

/** A property as a number, null where it is none. */
export const numberText = (property: string): string => {
  const value = `try_cast(e.properties->>${pointerTo(property)} as double)`
  return `case when isfinite(${value}) then ${value} end`
}

export const isTrueText = (property: string): string =>
  `((e.properties->${pointerTo(property)})::varchar is not distinct from 'true')`

const width = numberText("page_width")

/** The class of the event's device. */
export const deviceText = `case when e.device_type in (${deviceClasses.map(quote).join(", ")}) then e.device_type
    when ${width} < ${mobileWidthMax} then 'mobile' when ${width} < ${tabletWidthMax} then 'tablet' when ${width} is not null then 'desktop' end`

/** Events of the types on the pages that are meant, from `fromMillis` to before `toMillis`, with their people. */
export const pageEventsText = (
  { filter, fromMillis, toMillis, workspace }: Pick<PageSelection, "filter" | "fromMillis" | "toMillis" | "workspace">,
  types: ReadonlyArray<string>
): string =>
  `${eventsWithPeople(workspace, filter)}
where e.workspace = ${quote(workspace)} and e.event_type in (${types.map(quote).join(", ")}) and e.time_ms >= ${fromMillis} and e.time_ms < ${toMillis}
  and ${filterText(filter)}`

/** The condition that the class, as `column`, is the one that is asked for. */
export const ofDevice = (column: string, { device }: Pick<PageSelection, "device">): string =>
  device === undefined ? "true" : isValue(column, device)
