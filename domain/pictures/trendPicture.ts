import type { QuestionResult } from "../../ports/analytics/Question.ts"
import { pictureSeriesMax } from "../../ports/analytics/Picture.ts"
import type { PictureSeries } from "../../ports/analytics/Picture.ts"
import type { Drawn } from "./Drawn.ts"
import { bucketLabels } from "./instants.ts"
import { marksAt } from "./marksAt.ts"
import type { Mark } from "./Mark.ts"

type Metrics = QuestionResult["totals"]
type Row = QuestionResult["rows"][number]

const numberOf = (metrics: Metrics | undefined, name: string): number | null => {
  const value = metrics?.[name]
  return value === undefined || value === null ? null : Number(value)
}
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
const isMoney = (metric: string): boolean => metric === "revenue" || metric === "average_order_value"
const metricName = (metric: string, currency: string): string =>
  isMoney(metric) ? `${capital(metric)} (${currency})` : capital(metric.replace(/^(\w+):/, "$1 of "))

/** Values of the dimensions as people read them. */
export const rowName = ({ other, values }: Pick<Row, "other" | "values">): string =>
  other === true ? "other" : values.map((value) => value ?? "(none)").join(" · ")

/** Curves by metric, or of the first metric by value; without an interval, bars by value, or of the totals. */
export const trendPicture = (result: QuestionResult, marks: ReadonlyArray<Mark>): Drawn => {
  const metrics = Object.keys(result.totals)
  const first = metrics[0] ?? "events"
  const names = metrics.map((metric) => metricName(metric, result.currency))
  const isBroken = result.rows.length > 0
  const title = isBroken ? `${names[0]} by value` : names.join(", ")
  if (result.buckets.length > 0) {
    const series = isBroken ? rowCurves(result, first) : metricCurves(result, metrics)
    return {
      title,
      description: `${title} over time: ${series.map(({ name }) => name).join(", ")}.`,
      shape: {
        kind: "series",
        categories: bucketLabels(result.buckets),
        direction: "across",
        categoryAxis: "Time",
        valueAxis: isBroken ? names[0]! : firstAxis(metrics, result.currency),
        ...(series.some(({ second }) => second === true) ? { secondAxis: `Revenue (${result.currency})` } : {}),
        unit: "number",
        stacked: false,
        series,
        marks: marksAt(result.buckets, result.to, marks)
      }
    }
  }
  const bars = isBroken
    ? result.rows.map((row) => ({ name: rowName(row), value: numberOf(row.metrics, first) }))
    : metrics.map((metric, index) => ({ name: names[index]!, value: numberOf(result.totals, metric) }))
  return {
    title,
    description: `${title}: ${bars.map(({ name, value }) => `${name} ${value ?? "nothing"}`).join(", ")}.`,
    shape: bars.some(({ value }) => value !== null && value !== 0)
      ? {
          kind: "series",
          categories: bars.map(({ name }) => name),
          direction: "down",
          categoryAxis: "",
          valueAxis: isBroken ? names[0]! : "Total",
          unit: "number",
          stacked: false,
          series: [
            {
              name: names[0]!,
              shape: "bar",
              values: bars.map(({ value }) => value),
              labels: bars.map(({ value }) => (value === null ? "" : String(value)))
            }
          ],
          marks: []
        }
      : undefined
  }
}

const firstAxis = (metrics: ReadonlyArray<string>, currency: string): string =>
  metrics.every(isMoney) ? `Revenue (${currency})` : metrics.length === 1 ? metricName(metrics[0]!, currency) : "Count"

const metricCurves = (result: QuestionResult, metrics: ReadonlyArray<string>): ReadonlyArray<PictureSeries> => {
  const apart = !metrics.every(isMoney)
  return metrics.slice(0, pictureSeriesMax).map((metric) => ({
    name: metricName(metric, result.currency),
    shape: "line",
    values: (result.series ?? []).map((bucket) => numberOf(bucket, metric)),
    ...(apart && isMoney(metric) ? { second: true } : {})
  }))
}

const rowCurves = (result: QuestionResult, metric: string): ReadonlyArray<PictureSeries> =>
  result.rows.slice(0, pictureSeriesMax).map((row) => ({
    name: rowName(row),
    shape: "line",
    values: (row.series ?? []).map((bucket) => numberOf(bucket, metric))
  }))
