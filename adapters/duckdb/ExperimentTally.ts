import type {
  ExperimentMetricPlan,
  ExperimentMetricRow,
  ExperimentPlan,
  ExperimentUnitRow
} from "../../ports/analytics/ExperimentPlan.ts"
import type { BucketRun } from "../../ports/analytics/TrendPlan.ts"
import { inTurns, noArm } from "./experimentColumns.ts"
import type { UnitEvents, Units } from "./experimentColumns.ts"
import { amountIndex, isWalked, partIndex, stepsOf, wordBits } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"

/** Whose sums: of units of one variant alone, or also those of several in the one that they saw first. */
export type Pass = "alone" | "intended"

/** The bucket that an instant lies in. */
export const bucketAt = (buckets: ReadonlyArray<BucketRun>): ((millis: number) => number) => {
  const of = ({ first, fromMillis, widthMillis }: BucketRun, millis: number) =>
    first + Math.floor((millis - fromMillis) / widthMillis)
  const [only] = buckets
  if (buckets.length === 1 && only !== undefined) return (millis) => of(only, millis)
  const later = buckets.slice(1).toReversed()
  return (millis) => of(later.find(({ fromMillis }) => millis >= fromMillis) ?? only!, millis)
}

/** How many units come to which variant on which day, by the first exposure. */
export const countUnits = async (plan: ExperimentPlan, units: Units): Promise<ReadonlyArray<ExperimentUnitRow>> => {
  const dayOf = bucketAt(plan.buckets)
  const days = dayOf(plan.toMillis - 1) + 1
  const cells: Array<{ assigned: number; participants: number } | undefined> = []
  await inTurns(units.count, (from, to) => {
    for (let unit = from; unit < to; unit += 1) {
      const arm = units.arms[unit]!
      if (arm === noArm) continue
      const cell = (cells[(arm >>> 1) * days + dayOf(units.firsts[unit]!)] ??= { assigned: 0, participants: 0 })
      cell.assigned += 1
      if ((arm & 1) === 0) cell.participants += 1
    }
  })
  return cells.flatMap((cell, index) =>
    cell === undefined ? [] : [{ variant: Math.floor(index / days), day: index % days, ...cell }]
  )
}

/** Figures of a variant on a day, in this order. */
const figures = [
  "count",
  "converted",
  "sum",
  "squares",
  "dsum",
  "dsquares",
  "dproducts",
  "xsum",
  "xsquares",
  "msum",
  "msquares",
  "mproducts",
  "hcount",
  "xy",
  "xd",
  "my",
  "md",
  "hy",
  "hd"
] as const
type Figure = (typeof figures)[number]
const width = figures.length
const placeOf = Object.fromEntries(figures.map((name, place) => [name, place])) as Readonly<Record<Figure, number>>
const [COUNT, CONVERTED, SUM, SQUARES] = [placeOf.count, placeOf.converted, placeOf.sum, placeOf.squares]
const [DSUM, DSQUARES, DPRODUCTS] = [placeOf.dsum, placeOf.dsquares, placeOf.dproducts]
const [XSUM, XSQUARES] = [placeOf.xsum, placeOf.xsquares]
const [MSUM, MSQUARES, MPRODUCTS] = [placeOf.msum, placeOf.msquares, placeOf.mproducts]
const [HCOUNT, XY, XD, MY, MD, HY, HD] = [
  placeOf.hcount,
  placeOf.xy,
  placeOf.xd,
  placeOf.my,
  placeOf.md,
  placeOf.hy,
  placeOf.hd
]

export interface TallyOptions {
  readonly plan: ExperimentPlan
  readonly metric: ExperimentMetricPlan
  readonly columns: EventColumns
  readonly units: Units
  /** How long before its first exposure each unit last did anything, of metrics that are adjusted. */
  readonly gaps: Uint32Array
  readonly pass: Pass
  /** Where totals are cut. */
  readonly cap: number | undefined
  /** Whether events are those of who came through the metric's funnel. */
  readonly completed: boolean
}

/** By variant and day. */
export interface UnitCounts {
  readonly counts: ReadonlyArray<number>
  readonly known: ReadonlyArray<number>
}

/** What events of units add up to, of one metric. */
export class ExperimentTally {
  readonly #options: TallyOptions
  readonly #dayOf: (millis: number) => number
  readonly #days: number
  /** Per variant and day, {@link figures}. */
  readonly #cells: Array<Float64Array | undefined> = []
  readonly #until: number
  readonly #cap: number
  readonly #taken: Taken
  readonly #below: Taken | undefined
  readonly #steps: ReadonlyArray<Taken>

  constructor(options: TallyOptions) {
    const { cap, columns, completed, metric, plan } = options
    this.#options = options
    this.#dayOf = bucketAt(plan.buckets)
    this.#days = this.#dayOf(plan.toMillis - 1) + 1
    this.#until = metric.untilMillis ?? Number.POSITIVE_INFINITY
    this.#cap = cap ?? Number.POSITIVE_INFINITY
    this.#taken = completed ? { word: 0, bit: 1, amount: -1 } : takenOf(columns, metric.part)
    this.#below = metric.denominator === undefined ? undefined : takenOf(columns, metric.denominator)
    this.#steps = !completed && isWalked(metric) ? stepsOf(metric).map((part) => takenOf(columns, part)) : []
  }

  /** Whether a unit counts. */
  #isAmong(unit: number): boolean {
    const { metric, pass, plan, units } = this.#options
    const arm = units.arms[unit]!
    if (arm === noArm || (pass === "alone" && (arm & 1) === 1)) return false
    return !metric.complete || units.firsts[unit]! + this.#until < plan.toMillis
  }

  /** The day from which on it counts. */
  #entryOf(unit: number): number {
    const first = this.#options.units.firsts[unit]!
    return this.#dayOf(this.#options.metric.complete ? first + this.#until : first)
  }

  #cellOf(unit: number, day: number): Float64Array {
    return (this.#cells[(this.#options.units.arms[unit]! >>> 1) * this.#days + day] ??= new Float64Array(width))
  }

  /** What {@link count} depends on: metrics that have it in common have the same counts. */
  get counted(): string {
    const { metric, pass } = this.#options
    return JSON.stringify([pass, metric.complete && metric.untilMillis, metric.adjusts && metric.beforeMillis])
  }

  /** Units that count, whether they did anything or not, and those that are known from before, by variant and day. */
  async count(): Promise<UnitCounts> {
    const { gaps, metric, units } = this.#options
    const knownMax = metric.adjusts ? metric.beforeMillis : -1
    const counts: Array<number> = []
    const known: Array<number> = []
    await inTurns(units.count, (from, to) => {
      for (let unit = from; unit < to; unit += 1) {
        if (!this.#isAmong(unit)) continue
        const cell = (units.arms[unit]! >>> 1) * this.#days + this.#entryOf(unit)
        counts[cell] = (counts[cell] ?? 0) + 1
        if (gaps[unit]! <= knownMax) known[cell] = (known[cell] ?? 0) + 1
      }
    })
    return { counts, known }
  }

  addCounts({ counts, known }: UnitCounts): void {
    counts.forEach((count, index) => {
      const cell = (this.#cells[index] ??= new Float64Array(width))
      cell[COUNT]! += count
      cell[HCOUNT]! += known[index] ?? 0
    })
  }

  /** Totals of units that did anything, uncut. */
  async totals(events: UnitEvents, take: (total: number) => void): Promise<void> {
    const { fromMillis } = this.#options.metric
    const { afters } = events
    const own = columnsOf(events, this.#taken)
    await this.#eachUnit(events, [this.#taken], (_, start, end) => {
      let total = 0
      let some = false
      for (let at = start; at < end; at += 1) {
        const after = afters[at]!
        if ((own.words[at]! & own.bit) === 0 || after < fromMillis || after >= this.#until) continue
        total += own.values === undefined ? 1 : own.values[at]!
        some = true
      }
      if (some) take(total)
    })
  }

  async add(events: UnitEvents): Promise<void> {
    if (!this.#options.metric.yes) return this.#addTotals(events)
    const last = this.#steps.at(-1)
    // Nobody comes through a funnel without an event of its last step.
    return last === undefined
      ? this.#addOnce(events, this.#taken, this.#firstOf(events))
      : this.#addOnce(events, last, this.#throughOf(events))
  }

  /** Units that count and have any event of the parts. */
  async #eachUnit(
    { count, first, starts, units, words }: UnitEvents,
    parts: ReadonlyArray<Taken>,
    work: (unit: number, start: number, end: number) => void
  ): Promise<void> {
    const masks = words.map((_, word) => parts.reduce((bits, part) => (part.word === word ? bits | part.bit : bits), 0))
    const looked = words.flatMap((word, index) => (masks[index] === 0 ? [] : [{ word, mask: masks[index]! }]))
    const [only] = looked
    let next = 0
    await inTurns(count, (from, to) => {
      for (let at = Math.max(from, next); at < to; at += 1) {
        const is =
          looked.length === 1 && only !== undefined
            ? (only.word[at]! & only.mask) !== 0
            : looked.some(({ mask, word }) => (word[at]! & mask) !== 0)
        if (!is) continue
        const unit = units[at]!
        const end = starts[unit - first + 1]!
        if (this.#isAmong(unit)) work(unit, starts[unit - first]!, end)
        at = end - 1
        next = end
      }
    })
  }

  /** What a unit did or did not: the first time counts. */
  async #addOnce(
    events: UnitEvents,
    part: Taken,
    firstOf: (start: number, end: number, from: number, until: number) => number
  ): Promise<void> {
    const { gaps, metric, units } = this.#options
    const { adjusts, beforeMillis, complete, fromMillis } = metric
    await this.#eachUnit(events, [part], (unit, start, end) => {
      const x = Number.isNaN(firstOf(start, end, -beforeMillis, 0)) ? 0 : 1
      const after = firstOf(start, end, fromMillis, this.#until)
      if (x === 1) {
        const prior = this.#cellOf(unit, this.#entryOf(unit))
        prior[XSUM]! += 1
        prior[XSQUARES]! += 1
      }
      if (Number.isNaN(after)) return
      const cell = this.#cellOf(unit, complete ? this.#entryOf(unit) : this.#dayOf(units.firsts[unit]! + after))
      cell[CONVERTED]! += 1
      cell[SUM]! += 1
      cell[SQUARES]! += 1
      if (!adjusts) return
      cell[XY]! += x
      if (gaps[unit]! <= beforeMillis) cell[HY]! += 1
    })
  }

  /** When a unit first did it within a time, in ms after its first exposure; NaN where it did not. */
  #firstOf(events: UnitEvents) {
    const { afters } = events
    const own = columnsOf(events, this.#taken)
    return (start: number, end: number, from: number, until: number): number => {
      for (let at = start; at < end; at += 1) {
        const after = afters[at]!
        if (after >= until) return Number.NaN
        if (after >= from && (own.words[at]! & own.bit) !== 0) return after
      }
      return Number.NaN
    }
  }

  /**
   * When a unit first came through the funnel. For each step it is enough to know the attempt with the latest begin
   * that has come so far: it has the longest window left.
   */
  #throughOf(events: UnitEvents) {
    const { afters } = events
    const steps = this.#steps.map((step) => columnsOf(events, step))
    const { windowMillis } = this.#options.metric.funnel!
    const last = steps.length - 1
    const begins = new Float64Array(steps.length)
    return (start: number, end: number, from: number, until: number): number => {
      begins.fill(Number.NEGATIVE_INFINITY)
      for (let at = start; at < end; at += 1) {
        const after = afters[at]!
        if (after < from) continue
        if (after >= until) return Number.NaN
        for (let step = last; step > 0; step -= 1) {
          const own = steps[step]!
          const begin = begins[step - 1]!
          if ((own.words[at]! & own.bit) === 0 || after - begin > windowMillis) continue
          if (step === last) return after
          if (begin > begins[step]!) begins[step] = begin
        }
        if ((steps[0]!.words[at]! & steps[0]!.bit) === 0) continue
        if (last === 0) return after
        begins[0] = after
      }
      return Number.NaN
    }
  }

  /**
   * What a unit adds up. Its total grows from event to event, so its square, and its products with history and
   * denominator, grow by the difference of two of them.
   */
  async #addTotals(events: UnitEvents): Promise<void> {
    const { gaps, metric, units } = this.#options
    const { adjusts, beforeMillis, complete, fromMillis } = metric
    const { afters } = events
    const cap = this.#cap
    const until = this.#until
    const own = columnsOf(events, this.#taken)
    const under = this.#below === undefined ? undefined : columnsOf(events, this.#below)
    const parts = this.#below === undefined ? [this.#taken] : [this.#taken, this.#below]
    await this.#eachUnit(events, parts, (unit, start, end) => {
      let x = 0
      let m = 0
      let at = start
      for (; at < end; at += 1) {
        const after = afters[at]!
        if (after >= 0) break
        if (after < -beforeMillis) continue
        if ((own.words[at]! & own.bit) !== 0) x += own.values === undefined ? 1 : own.values[at]!
        if (under !== undefined && (under.words[at]! & under.bit) !== 0)
          m += under.values === undefined ? 1 : under.values[at]!
      }
      if (x > cap) x = cap
      if (x !== 0 || m !== 0) {
        const prior = this.#cellOf(unit, this.#entryOf(unit))
        prior[XSUM]! += x
        prior[XSQUARES]! += x * x
        prior[MSUM]! += m
        prior[MSQUARES]! += m * m
        prior[MPRODUCTS]! += x * m
      }
      const known = adjusts && gaps[unit]! <= beforeMillis
      const entry = complete ? this.#entryOf(unit) : 0
      const first = units.firsts[unit]!
      let total = 0
      let y = 0
      let d = 0
      for (; at < end; at += 1) {
        const after = afters[at]!
        if (after < fromMillis) continue
        if (after >= until) break
        const isOwn = (own.words[at]! & own.bit) !== 0
        const isUnder = under !== undefined && (under.words[at]! & under.bit) !== 0
        if (!isOwn && !isUnder) continue
        const yBefore = y
        const dBefore = d
        if (isOwn) {
          total += own.values === undefined ? 1 : own.values[at]!
          y = total > cap ? cap : total
        }
        if (isUnder) d += under.values === undefined ? 1 : under.values[at]!
        const cell = this.#cellOf(unit, complete ? entry : this.#dayOf(first + after))
        const grown = y - yBefore
        cell[CONVERTED]! += (y === 0 ? 0 : 1) - (yBefore === 0 ? 0 : 1)
        cell[SUM]! += grown
        cell[SQUARES]! += y * y - yBefore * yBefore
        if (under !== undefined) {
          cell[DSUM]! += d - dBefore
          cell[DSQUARES]! += d * d - dBefore * dBefore
          cell[DPRODUCTS]! += y * d - yBefore * dBefore
        }
        if (!adjusts) continue
        cell[XY]! += x * grown
        cell[XD]! += x * (d - dBefore)
        cell[MY]! += m * grown
        cell[MD]! += m * (d - dBefore)
        if (!known) continue
        cell[HY]! += grown
        cell[HD]! += d - dBefore
      }
    })
  }

  rows(): ReadonlyArray<ExperimentMetricRow> {
    return this.#cells.flatMap((cell, index) =>
      cell === undefined ? [] : [rowOf(cell, Math.floor(index / this.#days), index % this.#days)]
    )
  }
}

/** Which bit says that a part takes an event, and the place of what it adds; −1 is 1 of each. */
interface Taken {
  readonly word: number
  readonly bit: number
  readonly amount: number
}

const takenOf = (columns: EventColumns, part: ExperimentMetricPlan["part"]): Taken => {
  const index = partIndex(columns, part)
  return { word: Math.floor(index / wordBits), bit: 1 << (index % wordBits), amount: amountIndex(columns, part) }
}

/** Which events a part takes, and what they add: 1 each where there are no values. */
const columnsOf = (events: UnitEvents, { amount, bit, word }: Taken) => ({
  words: events.words[word]!,
  bit,
  values: amount < 0 ? undefined : events.values[amount]!
})

const rowOf = (cell: Float64Array, variant: number, day: number): ExperimentMetricRow => {
  const of = (name: Figure) => cell[placeOf[name]]!
  return {
    variant,
    day,
    count: of("count"),
    converted: of("converted"),
    sum: of("sum"),
    squares: of("squares"),
    denominator: { sum: of("dsum"), squares: of("dsquares"), products: of("dproducts") },
    before: {
      sum: of("xsum"),
      squares: of("xsquares"),
      denominator: { sum: of("msum"), squares: of("msquares"), products: of("mproducts") }
    },
    history: {
      count: of("hcount"),
      xy: of("xy"),
      xd: of("xd"),
      my: of("my"),
      md: of("md"),
      y: of("hy"),
      d: of("hd")
    }
  }
}
