import type { ExperimentMetricRow, ExperimentPlan, ExperimentRows } from "../../ports/analytics/ExperimentPlan.ts"
import type { Read, Row } from "./Engine.ts"
import {
  capText,
  carriedOverText,
  cellsText,
  exposuresText,
  metricText,
  unitCountsText,
  unitsText
} from "./experimentText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerExperiment = async (read: Read, plan: ExperimentPlan): Promise<ExperimentRows> => {
  await read(exposuresText(plan))
  await read(unitsText(plan))
  const units = (await read(unitCountsText)).map((row) => ({
    variant: Number(row["variant"]),
    day: Number(row["day"]),
    assigned: Number(row["assigned"]),
    participants: Number(row["participants"])
  }))
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
  return {
    units,
    metrics: await pass("alone"),
    intended: twoVariants === 0 ? undefined : await pass("intended"),
    twoVariants,
    carriedOver: Number(carried?.["people"] ?? 0),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

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
