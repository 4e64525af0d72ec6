import { assert, describe, it } from "@effect/vitest"
import { analysisDefaults } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { assembleResults } from "./assembleResults.ts"
import { comparisonsCsv, seriesCsv } from "./resultsTable.ts"

const metric: AnalysedMetric = {
  id: '=HYPERLINK("x"), or not',
  name: "Purchase",
  role: "goal",
  kind: "rate",
  direction: "increase"
}
const rate = (converted: number, count: number) => ({ count, converted, sum: converted, squares: converted })

const results = assembleResults({
  experimentId: "checkout",
  plan: { ...analysisDefaults, method: "fixed" },
  variants: [
    { id: "control", name: "As it is", weight: 50 },
    { id: "short", name: "Short form", weight: 50 }
  ],
  control: "control",
  metrics: [metric],
  days: [
    { date: "2026-11-01", assigned: [0, 0], participants: [0, 0], sums: [[rate(0, 0), rate(0, 0)]] },
    {
      date: "2026-11-02",
      assigned: [1000, 1000],
      participants: [1000, 1000],
      sums: [[rate(200, 1000), rate(250, 1000)]]
    }
  ],
  fullDays: 2,
  coverage: 1,
  excluded: { two_variants: 0, bots: 0, immature: 0, carried_over: 0 },
  watermark: "0"
})

const rowsOf = (text: string): ReadonlyArray<string> => text.split("\r\n")

describe("results as a table", () => {
  it("have a row for each comparison, quoted, and no formula", () => {
    const [header, row, end] = rowsOf(comparisonsCsv(results))
    assert.isTrue(header!.startsWith("metric,role,variant,control_mean,"))
    assert.isTrue(row!.startsWith(`"'=HYPERLINK(""x""), or not",goal,short,0.2,0.25,`))
    assert.strictEqual(end, "")
  })

  it("have a row for each day, metric and variant, with empty fields where nothing is known", () => {
    const rows = rowsOf(seriesCsv(results))
    assert.strictEqual(rows.length, 4)
    assert.isTrue(rows[1]!.startsWith("2026-11-01,"))
    assert.isTrue(rows[1]!.endsWith(",short,0,0,,,,,,"))
    assert.match(rows[2]!, /,short,1000,1000,25,/)
    for (const row of rows.slice(1, 3))
      assert.strictEqual(row.replace(/"[^"]*(""[^"]*)*"/, "metric").split(",").length, 11)
  })
})
