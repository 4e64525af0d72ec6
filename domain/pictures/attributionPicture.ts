import type { AttributionResult, AttributionRow } from "../../ports/analytics/AttributionQuestion.ts"
import type { Drawn } from "./Drawn.ts"

/** Values of one picture, those that touched most. */
const valuesDrawnMax = 12

const nameOf = (row: AttributionRow): string =>
  row.other === true ? "other" : row.unattributed === true ? "(no touch)" : (row.value ?? "(none)")

/** Credit by value, each model a bar. */
export const attributionPicture = ({ conversions, credit, currency, models }: AttributionResult): Drawn => {
  const names = [...new Set(models.flatMap(({ rows }) => rows.map(nameOf)))].slice(0, valuesDrawnMax)
  const isCredit = credit !== null
  const valueOf = (row: AttributionRow | undefined): number =>
    row === undefined ? 0 : isCredit ? Number(row.credit) : row.conversions
  return {
    title: "Attribution",
    description: `${conversions} conversions${isCredit ? ` and ${credit} ${currency ?? ""}`.trimEnd() : ""}, credited by ${models
      .map(({ model }) => model)
      .join(", ")}.`,
    shape:
      conversions === 0 || names.length === 0
        ? undefined
        : {
            kind: "series",
            categories: names,
            direction: "down",
            categoryAxis: "",
            valueAxis: isCredit ? (currency === null ? "Credit" : `Credit (${currency})`) : "Conversions",
            unit: "number",
            stacked: false,
            series: models.map(({ model, rows }) => ({
              name: model.replaceAll("_", " "),
              shape: "bar",
              values: names.map((name) => valueOf(rows.find((row) => nameOf(row) === name)))
            })),
            marks: []
          }
  }
}
