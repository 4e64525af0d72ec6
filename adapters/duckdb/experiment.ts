import type {
  ExperimentCut,
  ExperimentMetricRow,
  ExperimentMetricRows,
  ExperimentPlan,
  ExperimentQuantileRow,
  ExperimentRows,
  ExperimentUnitRow
} from "../../ports/analytics/ExperimentPlan.ts"
import type { Read, Row } from "./Engine.ts"
import { eventColumnsOf, eventsText, knownText, partedEventsText } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { completionsTexts } from "./experimentFunnelText.ts"
import { quantileText } from "./experimentQuantileText.ts"
import { cellsText, changesText, countsText, cutText, priorText } from "./experimentText.ts"
import type { Pass } from "./experimentText.ts"
import {
  carriedOverText,
  peopleText,
  restoredUnitsText,
  sharedUnitsText,
  slicedUnitsText,
  slicesFoundText,
  slicesText,
  steppedUnitsText,
  unitCountsText,
  unitsText,
  valuesText,
  wholeUnitsText
} from "./experimentUnitsText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerExperiment = async (read: Read, plan: ExperimentPlan): Promise<ExperimentRows> => {
  await gatherUnits(read, plan)
  const units = (await read(unitCountsText)).map(unitOf)
  const [carried] = await read(carriedOverText)
  const twoVariants = units.reduce((sum, { assigned, participants }) => sum + assigned - participants, 0)
  const measured = units.length === 0 ? nothing(plan) : await measure(read, plan, twoVariants > 0)
  return {
    units,
    ...measured,
    twoVariants,
    carriedOver: Number(carried?.["people"] ?? 0),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const gatherUnits = async (read: Read, plan: ExperimentPlan): Promise<void> => {
  const { beside } = plan
  if (beside !== undefined) {
    const other = { ...plan, ...beside }
    await read(peopleText(other))
    await read(unitsText(other))
    await read(wholeUnitsText)
  }
  await read(peopleText(plan))
  await read(unitsText(plan))
  if (beside !== undefined) await read(sharedUnitsText(plan, beside))
}

type Measured = Pick<ExperimentRows, "metrics" | "cuts" | "intended" | "steps" | "slices" | "valuesLeftOut">

const nothing = ({ metrics }: ExperimentPlan): Measured => ({
  metrics: metrics.map(({ quantile }) =>
    quantile === undefined ? { kind: "changes", rows: [] } : { kind: "states", rows: [], before: [] }
  ),
  cuts: [],
  intended: undefined,
  steps: [],
  slices: [],
  valuesLeftOut: 0
})

const measure = async (read: Read, plan: ExperimentPlan, isIntended: boolean): Promise<Measured> => {
  const columns = eventColumnsOf(plan)
  if (plan.metrics.length > 0) await read(eventsText(plan, columns))
  const known = plan.metrics.flatMap(({ adjusts, beforeMillis }) => (adjusts ? [beforeMillis] : []))
  for (const beforeMillis of new Set(known)) await read(knownText(plan, beforeMillis))
  const metrics: Array<ExperimentMetricRows> = []
  const intended: Array<ExperimentMetricRows> = []
  const cuts: Array<ExperimentCut | undefined> = []
  for (const index of plan.metrics.keys()) {
    const sums = await metricSums(read, plan, columns, index)
    const found = await sums("alone")
    metrics.push(found.rows)
    cuts.push(found.cut)
    if (isIntended) intended.push((await sums("intended", found)).rows)
  }
  return {
    metrics,
    cuts,
    intended: isIntended ? intended : undefined,
    steps: await byStep(read, plan, columns, cuts),
    ...(await slice(read, plan, columns, cuts))
  }
}

/** The sums of a metric in either pass; the first one finds where totals are cut. */
const metricSums = async (read: Read, plan: ExperimentPlan, columns: EventColumns, index: number) => {
  const metric = plan.metrics[index]!
  if (metric.funnel !== undefined) for (const text of completionsTexts(plan, columns, index)) await read(text)
  return async (pass: Pass, known?: { readonly cut: ExperimentCut | undefined }) => {
    if (metric.quantile !== undefined) {
      const states = async (when: "after" | "before") =>
        (await read(quantileText(plan, columns, index, pass, when))).map(stateOf)
      const rows: ExperimentMetricRows = {
        kind: "states",
        rows: await states("after"),
        before: await states("before")
      }
      return { rows, cut: undefined }
    }
    await read(cellsText(plan, columns, index, pass))
    const text = known === undefined ? cutText(plan, metric) : undefined
    const cut = text === undefined ? known?.cut : cutOf(await read(text))
    const counted = await read(countsText(plan, metric, pass))
    const changed = await read(changesText(metric, cut?.cap))
    const prior = await read(priorText(metric, cut?.cap))
    const rows: ExperimentMetricRows = { kind: "changes", rows: rowsOf([...counted, ...changed, ...prior]) }
    return { rows, cut }
  }
}

const cutOf = ([row]: ReadonlyArray<Row>): ExperimentCut | undefined =>
  row === undefined ? undefined : { cap: Number(row["cap"]), units: Number(row["units"]) }

type Part = Pick<ExperimentRows, "units" | "metrics">

/**
 * The sums again with units told apart further, after `experiment_units` has each variant once for every part; totals are
 * cut where those of all are.
 */
const measureParts = async (
  read: Read,
  plan: ExperimentPlan,
  columns: EventColumns,
  cuts: ReadonlyArray<ExperimentCut | undefined>
): Promise<(part: number) => Part> => {
  const units = (await read(unitCountsText)).map(unitOf)
  if (plan.metrics.length > 0) await read(partedEventsText)
  const metrics: Array<ExperimentMetricRows> = []
  for (const index of plan.metrics.keys()) {
    const sums = await metricSums(read, plan, columns, index)
    metrics.push((await sums("alone", { cut: cuts[index] })).rows)
  }
  const variants = plan.variants.length
  return (part) => {
    const own = <Of extends { readonly variant: number }>(rows: ReadonlyArray<Of>): ReadonlyArray<Of> =>
      rows
        .filter(({ variant }) => Math.floor(variant / variants) === part)
        .map((row) => ({ ...row, variant: row.variant % variants }))
    return {
      units: own(units),
      metrics: metrics.map((each) =>
        each.kind === "changes"
          ? { kind: each.kind, rows: own(each.rows) }
          : { kind: each.kind, rows: own(each.rows), before: own(each.before) }
      )
    }
  }
}

/** By the steps of a bandit. */
const byStep = async (
  read: Read,
  plan: ExperimentPlan,
  columns: EventColumns,
  cuts: ReadonlyArray<ExperimentCut | undefined>
): Promise<ExperimentRows["steps"]> => {
  const { steps = [] } = plan
  if (steps.length === 0) return []
  await read(wholeUnitsText)
  await read(steppedUnitsText(plan, steps))
  const part = await measureParts(read, plan, columns, cuts)
  await read(restoredUnitsText)
  return steps.map((_, at) => part(at))
}

/** By the values of the dimension. Comes last: events of people who are in no slice are gone. */
const slice = async (
  read: Read,
  plan: ExperimentPlan,
  columns: EventColumns,
  cuts: ReadonlyArray<ExperimentCut | undefined>
): Promise<Pick<ExperimentRows, "slices" | "valuesLeftOut">> => {
  const { dimension } = plan
  if (dimension === undefined) return { slices: [], valuesLeftOut: 0 }
  await read(valuesText(plan, dimension))
  await read(slicesText(dimension.valuesMax))
  const found = await read(slicesFoundText)
  await read(slicedUnitsText(plan))
  const part = await measureParts(read, plan, columns, cuts)
  return {
    slices: found.map(({ value }, at) => ({ value: typeof value === "string" ? value : null, ...part(at) })),
    valuesLeftOut: Math.max(0, Number(found[0]?.["found"] ?? 0) - found.length)
  }
}

const unitOf = (row: Row): ExperimentUnitRow => ({
  variant: Number(row["variant"]),
  day: Number(row["day"]),
  assigned: Number(row["assigned"]),
  participants: Number(row["participants"])
})

/** One row for each variant and day, from rows of which each says a part. */
const rowsOf = (parts: ReadonlyArray<Row>): ReadonlyArray<ExperimentMetricRow> => {
  const rows = Map.groupBy(parts, ({ day, variant }) => `${Number(variant)} ${Number(day)}`)
  return [...rows.values()].map((own) => rowOf(Object.assign({}, ...own) as Row))
}

const rowOf = (row: Row): ExperimentMetricRow => {
  const number = (name: string) => Number(row[name] ?? 0)
  return {
    variant: number("variant"),
    day: number("day"),
    count: number("count"),
    converted: number("converted"),
    sum: number("sum"),
    squares: number("squares"),
    denominator: { sum: number("dsum"), squares: number("dsquares"), products: number("dproducts") },
    before: {
      sum: number("xsum"),
      squares: number("xsquares"),
      denominator: { sum: number("msum"), squares: number("msquares"), products: number("mproducts") }
    },
    history: {
      count: number("hcount"),
      xy: number("xy"),
      xd: number("xd"),
      my: number("my"),
      md: number("md"),
      y: number("hy"),
      d: number("hd")
    }
  }
}

const stateOf = (row: Row): ExperimentQuantileRow => {
  const { high, low } = row
  return {
    variant: Number(row["variant"]),
    day: Number(row["day"]),
    count: Number(row["count"]),
    converted: Number(row["converted"]),
    sum: Number(row["sum"]),
    squares: Number(row["squares"]),
    value: Number(row["value"]),
    ends: typeof low === "number" && typeof high === "number" ? [low, high] : undefined
  }
}
