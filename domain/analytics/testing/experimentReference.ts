import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { clusteredQuantile } from "../../statistics/clusteredQuantile.ts"
import { bestAttempts } from "./funnelReference.ts"
import type { ReferenceFunnel } from "./funnelReference.ts"
import { bucketOf, inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

/** A metric in plain words: which events, how much each, from when until when after the first exposure. */
export interface PlainMetric {
  /** Instead of counting events: whether they came through. */
  readonly funnel?: Omit<ReferenceFunnel, "inRange">
  /** Instead of adding up: the value below which a share lies. */
  readonly quantile?: { readonly share: number; readonly per: "event" | "unit"; readonly ignoreZeros: boolean }
  readonly counts: (event: Event) => boolean
  readonly amount: (event: Event) => number
  /** Whether an event that counts has an amount at all; they all have by default. */
  readonly hasAmount?: (event: Event) => boolean
  readonly yes?: boolean
  readonly by?: (event: Event) => number
  readonly fromMillis?: number
  readonly untilMillis?: number
  readonly complete?: boolean
  readonly cap?: number
  /** Whether units with history are told apart. */
  readonly adjusts?: boolean
  readonly beforeMillis: number
}

export interface PlainExperiment {
  readonly id: string
  readonly variants: ReadonlyArray<string>
  readonly fromMillis: number
  readonly toMillis: number
  readonly zone: string
}

export interface Unit {
  readonly person: string
  readonly variant: string
  readonly first: number
  readonly several: boolean
  /** That its first exposure names. */
  readonly step: unknown
}

/** Who was exposed in the phase, by the first exposure of all their ids. */
export const exposedUnits = (
  events: ReadonlyArray<Event>,
  merges: ReadonlyMap<string, string>,
  { fromMillis, id, toMillis, variants }: PlainExperiment
) => {
  const person = personOf(events, merges)
  const exposures = inOrder(events).filter(
    (event) =>
      event.event_type === "experiment_exposed" && event.properties["experiment_id"] === id && event.time < toMillis
  )
  const before = new Set(exposures.filter(({ time }) => time < fromMillis).map(person))
  const ofPhase = ({ properties }: Event) => properties["phase"] === undefined || properties["phase"] === 2
  const inside = exposures.filter(
    (event) => ofPhase(event) && event.time >= fromMillis && variants.includes(event.properties["variant"] as string)
  )
  const carried = new Set(
    exposures
      .filter((event) => event.time >= fromMillis && ofPhase(event))
      .map(person)
      .filter((each) => before.has(each))
  )
  const units = [...new Set(inside.map(person))]
    .filter((each) => !before.has(each))
    .map((each): Unit => {
      const own = inside.filter((event) => person(event) === each)
      const seen = new Set(own.map((event) => event.properties["variant"]))
      return {
        person: each,
        variant: own[0]!.properties["variant"] as string,
        first: own[0]!.time,
        several: seen.size > 1,
        step: own[0]!.properties["step"]
      }
    })
  const all = Map.groupBy(
    events.filter(({ time }) => time < toMillis),
    person
  )
  return { units, carriedOver: carried.size, own: (unit: Unit) => all.get(unit.person) ?? [] }
}
export type ExposedUnits = ReturnType<typeof exposedUnits>

/** Events that are all of one unit. */
const oneUnit = [undefined, () => "", () => ["one"]] as const

/** Events from which a unit's value of a dimension is read: all of its own at or before its first exposure, in order. */
export const eventsBefore = (
  events: ReadonlyArray<Event>,
  merges: ReadonlyMap<string, string>,
  unit: Unit
): ReadonlyArray<Event> => {
  const person = personOf(events, merges)
  return inOrder(events).filter((event) => person(event) === unit.person && event.time <= unit.first)
}

/** The sums of a metric over units of a variant, as they stood at the end of a day. */
export const plainSums = (
  { own: ownOf, units }: ExposedUnits,
  experiment: PlainExperiment,
  metric: PlainMetric,
  variant: string,
  day: { readonly date: string; readonly isLast: boolean },
  among: (unit: Unit) => boolean = () => true
): MetricSums => {
  const dayOf = (millis: number) => bucketOf(experiment.zone, "day", millis)
  const { cap = Number.POSITIVE_INFINITY, complete = false, fromMillis = 0 } = metric
  const { untilMillis = Number.POSITIVE_INFINITY } = metric
  const counted = units.filter((unit) => {
    if (unit.several || unit.variant !== variant || !among(unit)) return false
    if (!complete) return dayOf(unit.first) <= day.date
    return unit.first + untilMillis < experiment.toMillis && dayOf(unit.first + untilMillis) <= day.date
  })
  const total = (of: ReadonlyArray<Event>, amount: (event: Event) => number) =>
    of.filter(metric.counts).reduce((sum, event) => sum + amount(event), 0)
  const outcome = (own: ReadonlyArray<Event>): number => {
    if (metric.funnel !== undefined) {
      const { steps } = metric.funnel
      const reached = [...bestAttempts(own, { ...metric.funnel, inRange: () => true }, ...oneUnit).values()]
      return Number(reached.some((attempt) => attempt.length === steps.length))
    }
    const all = total(own, metric.amount)
    return metric.yes === true ? Number(all > 0) : Math.min(all, cap)
  }
  const denominator = (own: ReadonlyArray<Event>) =>
    metric.by === undefined ? 0 : own.reduce((sum, event) => sum + metric.by!(event), 0)
  const each = counted.map((unit) => {
    const own = ownOf(unit)
    const after = own.filter(
      ({ time }) =>
        time >= unit.first + fromMillis && time < unit.first + untilMillis && (complete || dayOf(time) <= day.date)
    )
    const past = own.filter(({ time }) => time < unit.first && time >= unit.first - metric.beforeMillis)
    return { after, past }
  })
  if (metric.quantile !== undefined) {
    const told = quantileSums(
      each.map(({ after }) => after),
      metric
    )
    const before = day.isLast
      ? quantileSums(
          each.map(({ past }) => past),
          metric
        )
      : undefined
    return { ...(told ?? { count: 0, converted: 0, sum: 0, squares: 0 }), ...(before === undefined ? {} : { before }) }
  }
  const rows = each.map(({ after, past }) => ({
    y: outcome(after),
    d: denominator(after),
    x: outcome(past),
    m: denominator(past),
    known: past.length > 0
  }))
  type Row = (typeof rows)[number]
  const sum = (of: (unit: Row) => number, from: ReadonlyArray<Row> = rows) =>
    from.reduce((all, unit) => all + of(unit), 0)
  const known = rows.filter((unit) => unit.known)
  const isRatio = metric.by !== undefined
  return {
    count: rows.length,
    converted: rows.filter(({ y }) => y !== 0).length,
    sum: sum(({ y }) => y),
    squares: sum(({ y }) => y * y),
    ...(isRatio
      ? {
          denominator: { sum: sum(({ d }) => d), squares: sum(({ d }) => d * d), products: sum(({ d, y }) => d * y) }
        }
      : {}),
    before: {
      count: rows.length,
      sum: sum(({ x }) => x),
      squares: sum(({ x }) => x * x),
      ...(isRatio
        ? {
            denominator: { sum: sum(({ m }) => m), squares: sum(({ m }) => m * m), products: sum(({ m, x }) => m * x) }
          }
        : {})
    },
    ...(metric.adjusts === true
      ? {
          covariate: {
            count: known.length,
            sum: sum(({ x }) => x, known),
            squares: sum(({ x }) => x * x, known),
            products: sum(({ x, y }) => x * y, known),
            outcomes: sum(({ y }) => y, known),
            ...(isRatio
              ? {
                  denominator: {
                    sum: sum(({ m }) => m, known),
                    squares: sum(({ m }) => m * m, known),
                    covariates: sum(({ m, x }) => x * m, known),
                    products: sum(({ d, m }) => m * d, known),
                    numerators: sum(({ m, y }) => m * y, known),
                    across: sum(({ d, x }) => x * d, known),
                    outcomes: sum(({ d }) => d, known)
                  }
                }
              : {})
          }
        }
      : {})
  }
}

/** A quantile of what units did; nothing where there is no value. */
const quantileSums = (units: ReadonlyArray<ReadonlyArray<Event>>, metric: PlainMetric) => {
  const { ignoreZeros, per, share } = metric.quantile!
  const values = units.map((own) => {
    const each = own.filter((event) => metric.counts(event) && metric.hasAmount?.(event) !== false).map(metric.amount)
    const told = per === "event" ? each : [each.reduce((sum, value) => sum + value, 0)]
    return ignoreZeros ? told.filter((value) => value !== 0) : told
  })
  const all = values.flat()
  if (all.length === 0) return undefined
  const found = clusteredQuantile(values, share, 0.05)
  return {
    count: values.filter((own) => own.length > 0).length,
    converted: values.filter((own) => own.some((value) => value !== 0)).length,
    sum: all.reduce((sum, value) => sum + value, 0),
    squares: all.reduce((sum, value) => sum + value * value, 0),
    ...(typeof found === "string"
      ? {}
      : { quantile: { value: found.estimate.mean, low: found.interval[0], high: found.interval[1] } })
  }
}
