import type { SessionResult } from "../../ports/analytics/SessionQuestion.ts"
import type { Drawn } from "./Drawn.ts"
import { bucketLabels } from "./instants.ts"
import { marksAt } from "./marksAt.ts"
import type { Mark } from "./Mark.ts"

const nameOf = (row: SessionResult["rows"][number]): string => (row.other === true ? "other" : (row.value ?? "(none)"))

/** Sessions and people over time; by value of a dimension where one is given; else in all. */
export const sessionPicture = (result: SessionResult, marks: ReadonlyArray<Mark>): Drawn => {
  const { buckets, rows, series = [], totals } = result
  const description = `${totals.sessions} sessions of ${totals.people} people, ${totals.bounces} of them bounced.`
  const common = { kind: "series", unit: "count", stacked: false } as const
  if (totals.sessions === 0) return { title: "Sessions", description, shape: undefined }
  if (rows.length > 0) {
    return {
      title: "Sessions by value",
      description: `${description} ${rows.map((row) => `${nameOf(row)}: ${row.metrics.sessions}`).join(", ")}.`,
      shape: {
        ...common,
        categories: rows.map(nameOf),
        direction: "down",
        categoryAxis: "",
        valueAxis: "Sessions",
        series: [
          {
            name: "Sessions",
            shape: "bar",
            values: rows.map(({ metrics }) => metrics.sessions),
            labels: rows.map(({ metrics }) => String(metrics.sessions))
          }
        ],
        marks: []
      }
    }
  }
  const points = buckets.length > 0 ? series : [totals]
  return {
    title: "Sessions",
    description,
    shape: {
      ...common,
      categories: buckets.length > 0 ? bucketLabels(buckets) : ["all"],
      direction: "across",
      categoryAxis: buckets.length > 0 ? "Time" : "",
      valueAxis: "Count",
      series: (["sessions", "people", "bounces"] as const).map((metric) => ({
        name: metric,
        shape: buckets.length > 0 ? ("line" as const) : ("bar" as const),
        values: points.map((point) => point[metric])
      })),
      marks: marksAt(buckets, result.to, marks)
    }
  }
}
