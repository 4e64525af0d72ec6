import type { LifecycleResult } from "../../ports/analytics/LifecycleQuestion.ts"
import type { StickinessResult } from "../../ports/analytics/StickinessQuestion.ts"
import type { Drawn } from "./Drawn.ts"
import { bucketLabels } from "./instants.ts"

/** People by the number of intervals that they were active on. */
export const stickinessPicture = ({ histogram, people }: StickinessResult): Drawn => ({
  title: "Stickiness",
  description: `${people} people, by the number of intervals that they were active on: ${histogram
    .map((bin) => `${bin.intervals}: ${bin.people}`)
    .join(", ")}.`,
  shape:
    people === 0
      ? undefined
      : {
          kind: "series",
          categories: histogram.map(({ intervals }) => String(intervals)),
          direction: "across",
          categoryAxis: "Active intervals",
          valueAxis: "People",
          unit: "count",
          stacked: false,
          series: [
            { name: "exactly so many", shape: "bar", values: histogram.map((bin) => bin.people) },
            { name: "so many or more", shape: "line", values: histogram.map((bin) => bin.people_at_least) }
          ],
          marks: []
        }
})

const states = ["returning", "resurrecting", "new", "dormant"] as const

/** Who came and stayed above the line, who left below it. */
export const lifecyclePicture = ({ periods }: LifecycleResult): Drawn => ({
  title: "Lifecycle",
  description: `People who are new, returning, resurrecting and dormant in each of ${periods.length} periods.`,
  shape: periods.every((period) => period.active === 0 && period.dormant === 0)
    ? undefined
    : {
        kind: "series",
        categories: bucketLabels(periods.map(({ start }) => start)),
        direction: "across",
        categoryAxis: "Period",
        valueAxis: "People",
        unit: "count",
        stacked: true,
        series: states.map((state) => ({
          name: state,
          shape: "bar" as const,
          values: periods.map((period) => period[state])
        })),
        marks: []
      }
})
