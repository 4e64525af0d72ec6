import { pictureSeriesMax } from "../../ports/analytics/Picture.ts"
import type { Picture, PictureSeries } from "../../ports/analytics/Picture.ts"
import type { ExperimentResults, SeriesPoint } from "../../ports/experiments/ExperimentResults.ts"

/** A variant's curve and the two ends of its interval. */
const curvesPerVariant = 3

/**
 * The lift of one metric day by day with its interval, for each variant; the first goal unless another is named. `undefined`
 * where the results have no metric of that name; without any metric there is nothing to show yet.
 */
export const experimentPicture = (results: ExperimentResults, metric?: string, title?: string): Picture | undefined => {
  const shown = results.metrics.find((each) =>
    metric === undefined ? each.metric.role === "goal" : each.metric.id === metric
  )?.metric
  if (shown === undefined && metric !== undefined) return undefined
  const points = results.series.filter((point) => point.metric === shown?.id)
  const dates = [...new Set(points.map(({ date }) => date))]
  const variants = results.variants
    .filter(({ id }) => id !== results.control)
    .slice(0, Math.floor(pictureSeriesMax / curvesPerVariant))
  const series = variants.flatMap(({ id, name }) =>
    curvesOf(
      name,
      dates.map((date) => points.find((point) => point.date === date && point.variant === id))
    )
  )
  return {
    title: title ?? (shown === undefined ? "Lift by day" : `${shown.name}: lift by day`),
    note: noteOf(results, dates),
    description: variants
      .map(({ id, name }) => `${name}: ${toldOf(points.findLast(({ variant }) => variant === id))}`)
      .join(". "),
    shape: series.some(({ values }) => values.some((value) => value !== null))
      ? {
          kind: "series",
          categories: dates,
          direction: "across",
          categoryAxis: "Day",
          valueAxis: "Lift (%)",
          unit: "number",
          stacked: false,
          series,
          marks: []
        }
      : undefined
  }
}

const curvesOf = (name: string, points: ReadonlyArray<SeriesPoint | undefined>): ReadonlyArray<PictureSeries> => [
  { name, shape: "line", values: points.map((point) => point?.lift ?? null) },
  { name: `${name}, lower end`, shape: "line", values: points.map((point) => point?.lift_interval?.[0] ?? null) },
  { name: `${name}, upper end`, shape: "line", values: points.map((point) => point?.lift_interval?.[1] ?? null) }
]

const noteOf = ({ method, plan }: ExperimentResults, dates: ReadonlyArray<string>): string => {
  const level = `${Number((100 * (1 - plan.alpha)).toFixed(2))} %`
  const way = method === "sequential" ? "valid on every day" : "for one look"
  return [dates.length === 0 ? "no day yet" : `${dates[0]} – ${dates.at(-1)}`, `intervals at ${level}, ${way}`].join(
    " · "
  )
}

const toldOf = (point: SeriesPoint | undefined): string => {
  if (point === undefined || point.lift === null) return "nothing yet"
  const ends = point.lift_interval?.map((end) => `${end.toFixed(1)} %`).join(" to ")
  return `${point.lift.toFixed(1)} %${ends === undefined ? "" : ` (${ends})`} on ${point.date}`
}
