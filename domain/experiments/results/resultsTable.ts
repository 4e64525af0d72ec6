import type { Comparison, ExperimentResults, TestBlock } from "../../../ports/experiments/ExperimentResults.ts"

type Cell = string | number | boolean | null

/** Columns of the table of comparisons, one row for each metric and variant. Lifts are in percent. */
const comparisonColumns: ReadonlyArray<readonly [name: string, of: (comparison: Comparison) => Cell]> = [
  ["metric", ({ metric }) => metric],
  ["role", ({ role }) => role],
  ["variant", ({ variant }) => variant],
  ["control_mean", ({ control_mean }) => control_mean],
  ["variant_mean", ({ variant_mean }) => variant_mean],
  ["difference", ({ difference }) => difference],
  ["lift", ({ lift }) => lift],
  ["p_value", ({ p_value }) => p_value],
  ["adjusted_p_value", ({ adjusted_p_value }) => adjusted_p_value],
  ["is_significant", ({ is_significant }) => is_significant],
  ["verdict", ({ verdict }) => verdict],
  ...blockColumns("fixed"),
  ...blockColumns("sequential"),
  ["chance_to_win", ({ bayesian }) => (bayesian?.outcome === "judged" ? bayesian.chance_to_win : null)],
  ["guardrail", ({ guardrail }) => guardrail?.state ?? null],
  ["power_now", ({ power_now }) => power_now],
  ["projected_effect", ({ projected }) => projected?.effect ?? null]
]

function blockColumns(name: "fixed" | "sequential"): typeof comparisonColumns {
  const of =
    (figure: (block: Extract<TestBlock, { readonly outcome: "tested" }>) => Cell) =>
    (comparison: Comparison): Cell => {
      const block = comparison[name]
      return block.outcome === "tested" ? figure(block) : null
    }
  return [
    [`${name}_p_value`, of((block) => block.p_value)],
    [`${name}_difference_low`, of((block) => block.difference_interval[0])],
    [`${name}_difference_high`, of((block) => block.difference_interval[1])],
    [`${name}_lift_low`, of((block) => block.lift_interval?.[0] ?? null)],
    [`${name}_lift_high`, of((block) => block.lift_interval?.[1] ?? null)]
  ]
}

/** Every comparison as a row of RFC 4180. */
export const comparisonsCsv = ({ comparisons }: ExperimentResults): string =>
  csv([
    comparisonColumns.map(([name]) => name),
    ...comparisons.map((comparison) => comparisonColumns.map(([, of]) => of(comparison)))
  ])

/** Every value of the dimension, metric and variant as a row of RFC 4180; no row where none was asked for. */
export const breakdownCsv = ({ breakdown }: ExperimentResults): string =>
  csv([
    ["dimension", "value", ...comparisonColumns.map(([name]) => name)],
    ...(breakdown?.values ?? []).flatMap(({ comparisons, value }) =>
      comparisons.map((comparison) => [
        breakdown!.dimension,
        value,
        ...comparisonColumns.map(([, of]) => of(comparison))
      ])
    )
  ])

/** Every day, metric and variant as a row of RFC 4180. */
export const seriesCsv = ({ series }: ExperimentResults): string =>
  csv([
    [
      "date",
      "metric",
      "variant",
      "control_units",
      "variant_units",
      "lift",
      "lift_low",
      "lift_high",
      "difference_low",
      "difference_high",
      "p_value"
    ],
    ...series.map((point) => [
      point.date,
      point.metric,
      point.variant,
      point.control_units,
      point.variant_units,
      point.lift,
      point.lift_interval?.[0] ?? null,
      point.lift_interval?.[1] ?? null,
      point.difference_interval?.[0] ?? null,
      point.difference_interval?.[1] ?? null,
      point.p_value
    ])
  ])

/** What the decision rule says of each variant, and of all together in the last row; no row of a bandit. */
export const decisionCsv = ({ decision_rule: rule, recommendation }: ExperimentResults): string =>
  csv([
    ["variant", "state", "reasons", "registered", "ended"],
    ...(rule?.variants ?? []).map(({ reasons, state, variant }) => [
      variant,
      state,
      reasons.join(" "),
      rule!.registered,
      rule!.ended
    ]),
    ...(rule === undefined
      ? []
      : [
          [
            recommendation.variant ?? null,
            recommendation.action,
            recommendation.reasons.join(" "),
            rule.registered,
            rule.ended
          ]
        ])
  ])

const csv = (rows: ReadonlyArray<ReadonlyArray<Cell>>): string =>
  rows.map((row) => `${row.map(field).join(",")}\r\n`).join("")

/** Quoted where it must be; text that a spreadsheet would take for a formula gets an apostrophe before it. */
const field = (cell: Cell): string => {
  if (typeof cell !== "string") return cell === null ? "" : String(cell)
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
