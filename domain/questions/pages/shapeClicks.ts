import type { ClickCounts, ClickRows } from "../../../ports/analytics/ClickPlan.ts"
import type { ClickNumbers, ClickResult } from "../../../ports/analytics/ClickQuestion.ts"

const numbersOf = (counts: ClickCounts): ClickNumbers => ({
  clicks: counts.clicks,
  rage_clicks: counts.rageClicks,
  rage_bursts: counts.rageBursts,
  dead_clicks: counts.deadClicks,
  people: counts.people,
  rage_people: counts.ragePeople,
  dead_people: counts.deadPeople
})

/** Rows of the store as elements with their clicks. */
export const shapeClicks = ({
  count,
  elements,
  totals
}: ClickRows): Pick<ClickResult, "elements" | "other_elements" | "totals"> => ({
  elements: elements.map(({ host, path, selector, ...counts }) => ({ selector, host, path, ...numbersOf(counts) })),
  other_elements: count - elements.length,
  totals: numbersOf(totals)
})
