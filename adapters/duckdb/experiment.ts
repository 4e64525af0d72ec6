import type {
  ExperimentCut,
  ExperimentMetricPlan,
  ExperimentMetricRows,
  ExperimentPlan,
  ExperimentQuantileRow,
  ExperimentRows
} from "../../ports/analytics/ExperimentPlan.ts"
import type { Read, Row } from "./Engine.ts"
import { columnEventsMax } from "./eventColumns.ts"
import { noGap, readCompletions, readEvents, readGaps, readUnits } from "./experimentColumns.ts"
import type { UnitEvents, UnitRange, Units } from "./experimentColumns.ts"
import { deedsText, eventColumnsOf, eventsText, gapsText, isWalked } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { completionColumnsText, completionsTexts } from "./experimentFunnelText.ts"
import { quantileText } from "./experimentQuantileText.ts"
import { cutOf } from "./experimentCaps.ts"
import { countUnits, ExperimentTally } from "./ExperimentTally.ts"
import type { Pass, UnitCounts } from "./ExperimentTally.ts"
import {
  carriedOverText,
  peopleText,
  restoredUnitsText,
  sharedUnitsText,
  slicedUnitsText,
  slicesFoundText,
  slicesText,
  steppedUnitsText,
  unitsHeldText,
  unitsText,
  unitSubjectsText,
  valuesText,
  wholeUnitsText
} from "./experimentUnitsText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerExperiment = async (read: Read, plan: ExperimentPlan): Promise<ExperimentRows> => {
  await gatherUnits(read, plan)
  const [held] = await read(unitsHeldText)
  const all = await readUnits(read, Number(held?.["units"]))
  const units = await countUnits(plan, all)
  const [carried] = await read(carriedOverText)
  const twoVariants = units.reduce((sum, { assigned, participants }) => sum + assigned - participants, 0)
  const measured = units.length === 0 ? nothing(plan) : await measure(read, plan, all, twoVariants > 0)
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

const measure = async (read: Read, plan: ExperimentPlan, units: Units, isIntended: boolean): Promise<Measured> => {
  const gathered = await gather(read, plan, units)
  const { cuts, metrics } = await sums(read, gathered, units, "alone")
  return {
    metrics,
    cuts,
    intended: isIntended ? (await sums(read, gathered, units, "intended", cuts)).metrics : undefined,
    steps: await byStep(read, gathered, cuts),
    ...(await slice(read, gathered, cuts))
  }
}

/** What units did, for every metric. */
interface Gathered {
  readonly plan: ExperimentPlan
  readonly columns: EventColumns
  readonly count: number
  readonly gaps: Uint32Array
  /** By metric, of funnels that are not walked along: who came through. */
  readonly completions: ReadonlyArray<UnitEvents | undefined>
  readonly shares: ReadonlyArray<UnitRange & { readonly rows: number }>
  /** The events where they are all held at once. */
  readonly held: UnitEvents | undefined
}

const gather = async (read: Read, plan: ExperimentPlan, { count }: Units): Promise<Gathered> => {
  const { metrics } = plan
  const columns = eventColumnsOf(plan)
  const none = { plan, columns, count, gaps: new Uint32Array(), completions: [], shares: [], held: undefined }
  if (metrics.length === 0) return none
  await read(unitSubjectsText)
  await read(eventsText(plan, columns))
  const shares = await sharesOf(read, count)
  const [only] = shares
  const held = shares.length === 1 && only !== undefined ? await readEvents(read, columns, only, only.rows) : undefined
  const known = metrics.flatMap(({ adjusts, beforeMillis }) => (adjusts ? [beforeMillis] : []))
  const gaps =
    known.length === 0
      ? new Uint32Array(count).fill(noGap)
      : await readGaps(read, gapsText(plan, Math.max(...known)), count)
  const isAmbiguous = held?.ambiguous !== false
  const isJoined = (metric: ExperimentMetricPlan) => metric.funnel !== undefined && (isAmbiguous || !isWalked(metric))
  const completions: Array<UnitEvents | undefined> = []
  if (metrics.some((metric) => metric.quantile !== undefined || isJoined(metric))) await read(deedsText(plan, columns))
  for (const [index, metric] of metrics.entries()) {
    if (!isJoined(metric)) {
      completions.push(undefined)
      continue
    }
    for (const text of completionsTexts(plan, columns, index)) await read(text)
    completions.push(await readCompletions(read, completionColumnsText, count))
  }
  return { plan, columns, count, gaps, completions, shares, held }
}

/** Ranges of units that have few enough events each. */
const sharesOf = async (read: Read, count: number): Promise<Gathered["shares"]> => {
  const [counted] = await read("select count(*)::double as n from experiment_events")
  const wanted = Math.max(1, Math.ceil(Number(counted?.["n"]) / columnEventsMax))
  if (wanted === 1) return [{ first: 0, end: count, rows: Number(counted?.["n"]) }]
  const size = Math.ceil(count / wanted)
  const rows = await read(
    `select (unit // ${size})::integer as share, count(*)::double as n from experiment_events group by 1 order by 1`
  )
  return rows.map((row) => {
    const first = Number(row["share"]) * size
    return { first, end: Math.min(count, first + size), rows: Number(row["n"]) }
  })
}

/** Works on all events, those of a share of the units after those of another. */
const eachShare = async (
  read: Read,
  { columns, held, shares }: Gathered,
  work: (events: UnitEvents) => Promise<void>
): Promise<void> => {
  if (held !== undefined) return work(held)
  for (const share of shares) await work(await readEvents(read, columns, share, share.rows))
}

type Cuts = ReadonlyArray<ExperimentCut | undefined>

/** The sums of all metrics; where totals are not known to be cut it is found where they are. */
const sums = async (
  read: Read,
  gathered: Gathered,
  units: Units,
  pass: Pass,
  known?: Cuts
): Promise<{ readonly metrics: ReadonlyArray<ExperimentMetricRows>; readonly cuts: Cuts }> => {
  const { completions, plan } = gathered
  const tallyOf = (index: number, cut: ExperimentCut | undefined): ExperimentTally =>
    new ExperimentTally({
      ...gathered,
      metric: plan.metrics[index]!,
      units,
      pass,
      cap: cut?.cap,
      completed: completions[index] !== undefined
    })
  const added = plan.metrics.map(({ quantile }) => quantile === undefined)
  const cuts = known ?? (await cutsOf(read, gathered, tallyOf))
  const tallies = plan.metrics.map((_, index) => tallyOf(index, cuts[index]))
  const counted = new Map<string, UnitCounts>()
  for (const [index, tally] of tallies.entries()) {
    if (added[index] !== true) continue
    const counts = counted.get(tally.counted) ?? (await tally.count())
    counted.set(tally.counted, counts)
    tally.addCounts(counts)
  }
  const isLeft = (index: number) => added[index] === true && completions[index] === undefined
  if (tallies.some((_, index) => isLeft(index))) {
    await eachShare(read, gathered, async (events) => {
      for (const [index, tally] of tallies.entries()) if (isLeft(index)) await tally.add(events)
    })
  }
  for (const [index, tally] of tallies.entries()) {
    const completed = completions[index]
    if (completed !== undefined) await tally.add(completed)
  }
  const metrics: Array<ExperimentMetricRows> = []
  for (const [index, tally] of tallies.entries())
    metrics.push(
      added[index] === true ? { kind: "changes", rows: tally.rows() } : await states(read, gathered, index, pass)
    )
  return { metrics, cuts }
}

const cutsOf = async (
  read: Read,
  gathered: Gathered,
  tallyOf: (index: number, cut: undefined) => ExperimentTally
): Promise<Cuts> => {
  const { metrics } = gathered.plan
  const capped = [...metrics.keys()].filter((index) => metrics[index]!.cap !== undefined)
  if (capped.length === 0) return metrics.map(() => undefined)
  const totals = new Map(capped.map((index) => [index, [] as Array<number>]))
  await eachShare(read, gathered, async (events) => {
    for (const [index, own] of totals) await tallyOf(index, undefined).totals(events, (total) => void own.push(total))
  })
  const cuts: Array<ExperimentCut | undefined> = []
  for (const [index, { cap }] of metrics.entries()) {
    const tally = tallyOf(index, undefined)
    const isShareOfAll = cap?.kind === "percentile" && !cap.ignoreZeros
    const units = isShareOfAll ? (await tally.count()).counts.reduce((sum, count) => sum + count, 0) : 0
    cuts.push(await cutOf(cap, totals.get(index) ?? [], units))
  }
  return cuts
}

const states = async (
  read: Read,
  { columns, plan }: Gathered,
  index: number,
  pass: Pass
): Promise<ExperimentMetricRows> => {
  const rows = async (when: "after" | "before") =>
    (await read(quantileText(plan, columns, index, pass, when))).map(stateOf)
  return { kind: "states", rows: await rows("after"), before: await rows("before") }
}

type Part = Pick<ExperimentRows, "units" | "metrics">

/**
 * The sums again with units told apart further, after `experiment_units` has each variant once for every part; totals are
 * cut where those of all are.
 */
const measureParts = async (read: Read, gathered: Gathered, cuts: Cuts): Promise<(part: number) => Part> => {
  const { columns, count, plan } = gathered
  const all = await readUnits(read, count)
  const units = await countUnits(plan, all)
  if (plan.metrics.some(({ quantile }) => quantile !== undefined)) await read(deedsText(plan, columns))
  const { metrics } = await sums(read, gathered, all, "alone", cuts)
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
const byStep = async (read: Read, gathered: Gathered, cuts: Cuts): Promise<ExperimentRows["steps"]> => {
  const { steps = [] } = gathered.plan
  if (steps.length === 0) return []
  await read(wholeUnitsText)
  await read(steppedUnitsText(gathered.plan, steps))
  const part = await measureParts(read, gathered, cuts)
  await read(restoredUnitsText)
  return steps.map((_, at) => part(at))
}

/** By the values of the dimension; comes last, since units are not restored. */
const slice = async (
  read: Read,
  gathered: Gathered,
  cuts: Cuts
): Promise<Pick<ExperimentRows, "slices" | "valuesLeftOut">> => {
  const { plan } = gathered
  const { dimension } = plan
  if (dimension === undefined) return { slices: [], valuesLeftOut: 0 }
  await read(valuesText(plan, dimension))
  await read(slicesText(dimension.valuesMax))
  const found = await read(slicesFoundText)
  await read(slicedUnitsText(plan))
  const part = await measureParts(read, gathered, cuts)
  return {
    slices: found.map(({ value }, at) => ({ value: typeof value === "string" ? value : null, ...part(at) })),
    valuesLeftOut: Math.max(0, Number(found[0]?.["found"] ?? 0) - found.length)
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
