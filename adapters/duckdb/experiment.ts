import type {
  ExperimentMetricRow,
  ExperimentPlan,
  ExperimentRows,
  ExperimentUnitRow
} from "../../ports/analytics/ExperimentPlan.ts"
import type { Read, Row } from "./Engine.ts"
import {
  capText,
  carriedOverText,
  cellsText,
  exposuresText,
  knownUnitsText,
  metricText,
  slicedUnitsText,
  slicesFoundText,
  slicesText,
  steppedUnitsText,
  unitCountsText,
  unitsText,
  valuesText
} from "./experimentText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerExperiment = async (read: Read, plan: ExperimentPlan): Promise<ExperimentRows> => {
  await read(exposuresText(plan))
  await read(unitsText(plan))
  const units = (await read(unitCountsText)).map(unitOf)
  const [carried] = await read(carriedOverText(plan))
  const twoVariants = units.reduce((sum, { assigned, participants }) => sum + assigned - participants, 0)
  const caps = units.length === 0 ? [] : await gather(read, plan)
  const pass = async (which: "alone" | "intended") => {
    const metrics: Array<ReadonlyArray<ExperimentMetricRow>> = []
    for (const index of plan.metrics.keys()) {
      const rows = units.length === 0 ? [] : await read(metricText(plan, index, caps[index], which))
      metrics.push(rows.map(rowOf))
    }
    return metrics
  }
  const alone = await pass("alone")
  const intended = twoVariants === 0 ? undefined : await pass("intended")
  if (plan.steps !== undefined) await read(knownUnitsText)
  const { slices, valuesLeftOut } = units.length === 0 ? noSlices : await slice(read, plan, () => pass("alone"))
  return {
    units,
    metrics: alone,
    intended,
    slices,
    steps: units.length === 0 ? [] : await byStep(read, plan, () => pass("alone")),
    valuesLeftOut,
    twoVariants,
    carriedOver: Number(carried?.["people"] ?? 0),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const noSlices = { slices: [], valuesLeftOut: 0 }

/** The passes again with units told apart by the dimension. Comes last: it makes other `experiment_units`. */
const slice = async (
  read: Read,
  plan: ExperimentPlan,
  pass: () => Promise<ExperimentRows["metrics"]>
): Promise<Pick<ExperimentRows, "slices" | "valuesLeftOut">> => {
  const { dimension, variants } = plan
  if (dimension === undefined) return noSlices
  await read(valuesText(plan, dimension.field))
  await read(slicesText(dimension.valuesMax))
  const found = await read(slicesFoundText)
  await read(slicedUnitsText(plan))
  const units = (await read(unitCountsText)).map(unitOf)
  const metrics = await pass()
  const own = partOf(variants.length)
  return {
    slices: found.map(({ value }, at) => ({
      value: typeof value === "string" ? value : null,
      units: own(units, at),
      metrics: metrics.map((rows) => own(rows, at))
    })),
    valuesLeftOut: Math.max(0, Number(found[0]?.["found"] ?? 0) - found.length)
  }
}

/** Rows of one of the parts into which the variants were multiplied. */
const partOf =
  (variants: number) =>
  <Of extends { readonly variant: number }>(rows: ReadonlyArray<Of>, at: number): ReadonlyArray<Of> =>
    rows
      .filter(({ variant }) => Math.floor(variant / variants) === at)
      .map((row) => ({ ...row, variant: row.variant % variants }))

/** The passes again with the units of a bandit told apart by its steps. Makes other `experiment_units`, as slices do. */
const byStep = async (
  read: Read,
  plan: ExperimentPlan,
  pass: () => Promise<ExperimentRows["metrics"]>
): Promise<ExperimentRows["steps"]> => {
  const { steps = [], variants } = plan
  if (steps.length === 0) return []
  await read(steppedUnitsText(plan, steps))
  const units = (await read(unitCountsText)).map(unitOf)
  const metrics = await pass()
  const own = partOf(variants.length)
  return steps.map((_, at) => ({ units: own(units, at), metrics: metrics.map((rows) => own(rows, at)) }))
}

const unitOf = (row: Row): ExperimentUnitRow => ({
  variant: Number(row["variant"]),
  day: Number(row["day"]),
  assigned: Number(row["assigned"]),
  participants: Number(row["participants"])
})

/** Makes `experiment_cells`; answers each metric's cap. */
const gather = async (read: Read, plan: ExperimentPlan): Promise<ReadonlyArray<number | undefined>> => {
  if (plan.metrics.length === 0) return []
  await read(cellsText(plan))
  const caps: Array<number | undefined> = []
  for (const [index, metric] of plan.metrics.entries()) {
    const text = capText(metric, index)
    const [row] = text === undefined ? [] : await read(text)
    const found = row?.["cap"]
    caps.push(metric.cap?.kind === "absolute" ? metric.cap.value : typeof found === "number" ? found : undefined)
  }
  return caps
}

const rowOf = (row: Row): ExperimentMetricRow => {
  const number = (name: string) => Number(row[name])
  return {
    variant: number("variant"),
    day: number("day"),
    count: number("count"),
    converted: number("converted"),
    sum: number("sum"),
    squares: number("squares"),
    denominator: { sum: number("dsum"), squares: number("dsquares"), products: number("dproducts") },
    history: {
      count: number("xcount"),
      sum: number("xsum"),
      squares: number("xsquares"),
      products: number("xproducts"),
      outcomes: number("xoutcomes")
    }
  }
}
