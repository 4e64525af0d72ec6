import { planClicks } from "../pages/planClicks.ts"
import { planHeatmap } from "../pages/planHeatmap.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { outside, within, wrong } from "./ReadNumber.ts"
import type { Of, ReadNumber } from "./ReadNumber.ts"

export const ofClicks = ({ clicks, counted = "all", element }: Of<"clicks">, scope: QuestionScope): ReadNumber => {
  const read = planClicks(clicks, scope)
  if ("errors" in read) return within("clicks", read.errors)
  const { plan, zone } = read.planned
  return { source: { kind: "click", plan, element, counted }, zone }
}

export const ofHeatmap = (
  { cell, device, fixed = false, heatmap, selector }: Of<"heatmap">,
  scope: QuestionScope
): ReadNumber => {
  const read = planHeatmap(heatmap, scope)
  if ("errors" in read) return within("heatmap", read.errors)
  const { plan, zone } = read.planned
  if (cell !== undefined && selector !== undefined)
    return wrong("/selector", "no_place", "a cell or an element: not both")
  const place =
    cell !== undefined
      ? { kind: "cell" as const, ...cell }
      : selector === undefined
        ? undefined
        : { kind: "element" as const, selector }
  return (
    (cell === undefined
      ? undefined
      : (outside("/cell/column", cell.column, 0, plan.columns - 1) ??
        outside("/cell/row", cell.row, 0, plan.rows - 1))) ?? {
      source: { kind: "heatmap", plan, device, fixed, place },
      zone
    }
  )
}
