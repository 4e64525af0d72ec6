import { pictureSeriesMax } from "../../ports/analytics/Picture.ts"
import type { Picture, PictureSeries } from "../../ports/analytics/Picture.ts"
import type { ReleaseReport, ReleaseVerdict } from "../../ports/experiments/GuardedRelease.ts"

/** A guardrail's curve and the two ends of its interval. */
const curvesPerGuardrail = 3

/** The change that a release brings to its guardrails, at the end of each step over all until then. */
export const releasePicture = ({ course, status, steps }: ReleaseReport): Picture => {
  const metrics = [...new Set(course.flatMap(({ verdicts }) => verdicts.map(({ metric }) => metric)))]
  const shown = metrics.slice(0, Math.floor(pictureSeriesMax / curvesPerGuardrail))
  const series = shown.flatMap((metric) =>
    curvesOf(
      metric,
      course.map(({ verdicts }) => verdicts.find((verdict) => verdict.metric === metric))
    )
  )
  const last = course.at(-1)?.verdicts ?? []
  return {
    title: "Change of guardrails by step",
    note: `${status.replace("_", " ")} · since ${steps[0]?.started_at ?? ""}`,
    description: last.map(({ metric, state }) => `${metric}: ${state}`).join(". "),
    shape: series.some(({ values }) => values.some((value) => value !== null))
      ? {
          kind: "series",
          categories: course.map(({ percent, step }) => `${step}: ${percent} %`),
          direction: "across",
          categoryAxis: "Step and its share",
          valueAxis: "Change (%)",
          unit: "number",
          stacked: false,
          series,
          marks: []
        }
      : undefined
  }
}

const curvesOf = (
  metric: string,
  verdicts: ReadonlyArray<ReleaseVerdict | undefined>
): ReadonlyArray<PictureSeries> => {
  const told = verdicts.map((verdict) => (verdict === undefined || verdict.state === "unknown" ? undefined : verdict))
  return [
    { name: metric, shape: "line", values: told.map((verdict) => verdict?.lift ?? null) },
    { name: `${metric}, lower end`, shape: "line", values: told.map((verdict) => verdict?.lift_interval?.[0] ?? null) },
    { name: `${metric}, upper end`, shape: "line", values: told.map((verdict) => verdict?.lift_interval?.[1] ?? null) }
  ]
}
