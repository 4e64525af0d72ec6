import type { FunnelResult, FunnelStepResult } from "../../ports/analytics/FunnelQuestion.ts"
import { pictureSeriesMax } from "../../ports/analytics/Picture.ts"
import type { Drawn } from "./Drawn.ts"
import { percentText } from "./instants.ts"

const groupsDrawnMax = pictureSeriesMax
/** More bars than this leave no room for words above them. */
const labelledBarsMax = 24

const stepLabel = ({ from_start, people }: FunnelStepResult): string =>
  from_start === null ? String(people) : `${people} (${percentText(from_start.rate, 1)})`

const groupName = (group: FunnelResult["groups"][number]): string =>
  group.other === true ? "other" : (group.value ?? "(none)")

/** People by step, beside each other where they are broken down. */
export const funnelPicture = (result: FunnelResult): Drawn => {
  const groups = result.groups.slice(0, groupsDrawnMax)
  const drawn =
    groups.length === 0
      ? [{ name: "People", steps: result.steps }]
      : groups.map((group) => ({ name: groupName(group), steps: group.steps }))
  const isLabelled = drawn.length === 1 || drawn.length * result.steps.length <= labelledBarsMax
  return {
    title: "Funnel",
    description: `People by step: ${result.steps.map((step) => `${step.name} ${stepLabel(step)}`).join(", ")}.`,
    shape:
      (result.steps[0]?.people ?? 0) === 0
        ? undefined
        : {
            kind: "series",
            categories: result.steps.map(({ name }, index) => `${index + 1}. ${name}`),
            direction: "across",
            categoryAxis: "Step",
            valueAxis: "People",
            unit: "count",
            stacked: false,
            series: drawn.map(({ name, steps }) => ({
              name,
              shape: "bar",
              values: steps.map(({ people }) => people),
              ...(isLabelled
                ? { labels: steps.map((step) => (drawn.length === 1 ? stepLabel(step) : String(step.people))) }
                : {})
            })),
            marks: []
          }
  }
}
