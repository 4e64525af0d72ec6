import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { breakdownCsv, comparisonsCsv, decisionCsv, seriesCsv } from "../../domain/experiments/results/resultsTable.ts"
import { experimentPicture } from "../../domain/pictures/experimentPicture.ts"
import { pictureHeightUsual, pictureWidthUsual } from "../../ports/analytics/Picture.ts"
import { Pictures } from "../../ports/analytics/Pictures.ts"
import type { ExperimentResults } from "../../ports/experiments/ExperimentResults.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { inForms, svgAnswer, svgType } from "../analytics/pictured.ts"
import type { AskedSize } from "../analytics/pictured.ts"

export const csvType = "text/csv"

const tables = { comparisons: comparisonsCsv, series: seriesCsv, breakdown: breakdownCsv, decision: decisionCsv }

export interface AskedForm extends AskedSize {
  /** Of the picture; the first goal by default. */
  readonly metric?: string | undefined
  /** Of the rows. */
  readonly table?: keyof typeof tables | undefined
}

const drawn = Effect.fnUntraced(function* (
  results: ExperimentResults,
  { height = pictureHeightUsual, metric, width = pictureWidthUsual }: AskedForm
) {
  const pictures = yield* Pictures
  const picture = experimentPicture(results, metric)
  if (picture === undefined) {
    const detail = `the experiment has no metric ${metric}; it has ${results.metrics.map((each) => each.metric.id).join(", ")}`
    return yield* new Refused({
      kind: "bad-request",
      detail,
      errors: [{ pointer: "/metric", code: "unknown_metric", detail }]
    })
  }
  return svgAnswer(yield* pictures.draw(picture, { width, height }))
})

const rows = (
  results: ExperimentResults,
  { table = "comparisons" }: AskedForm
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(tables[table](results), {
    contentType: `${csvType}; charset=utf-8; header=present`,
    headers: { vary: "accept" }
  })

/** Results as JSON, as rows or as a picture, by `Accept`. */
export const inAcceptedForm = <E, R>(results: Effect.Effect<ExperimentResults, E, R>, asked: AskedForm) =>
  inForms(results, {
    [svgType]: (answer: ExperimentResults) => drawn(answer, asked),
    [csvType]: (answer: ExperimentResults) => Effect.succeed(rows(answer, asked))
  })
