import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import { bucketOf, inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

/** A metric in plain words: which events, how much each, from when until when after the first exposure. */
export interface PlainMetric {
  readonly counts: (event: Event) => boolean
  readonly amount: (event: Event) => number
  readonly yes?: boolean
  readonly by?: (event: Event) => number
  readonly fromMillis?: number
  readonly untilMillis?: number
  readonly complete?: boolean
  readonly cap?: number
  readonly historyMillis?: number
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
  return { units, carriedOver: carried.size, person }
}

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
  events: ReadonlyArray<Event>,
  merges: ReadonlyMap<string, string>,
  experiment: PlainExperiment,
  metric: PlainMetric,
  variant: string,
  day: string,
  among: (unit: Unit) => boolean = () => true
): MetricSums => {
  const { person, units } = exposedUnits(events, merges, experiment)
  const dayOf = (millis: number) => bucketOf(experiment.zone, "day", millis)
  const {
    cap = Number.POSITIVE_INFINITY,
    complete = false,
    fromMillis = 0,
    untilMillis = Number.POSITIVE_INFINITY
  } = metric
  const counted = units.filter((unit) => {
    if (unit.several || unit.variant !== variant || !among(unit)) return false
    if (!complete) return dayOf(unit.first) <= day
    return unit.first + untilMillis < experiment.toMillis && dayOf(unit.first + untilMillis) <= day
  })
  const outcome = (total: number) => (metric.yes === true ? Number(total > 0) : Math.min(total, cap))
  const each = counted.map((unit) => {
    const own = events.filter((event) => person(event) === unit.person && event.time < experiment.toMillis)
    const after = own.filter(
      ({ time }) =>
        time >= unit.first + fromMillis && time < unit.first + untilMillis && (complete || dayOf(time) <= day)
    )
    const total = (of: ReadonlyArray<Event>, amount: (event: Event) => number) =>
      of.filter(metric.counts).reduce((sum, event) => sum + amount(event), 0)
    const { historyMillis } = metric
    const past = own.filter(({ time }) => time < unit.first && time >= unit.first - (historyMillis ?? 0))
    return {
      y: outcome(total(after, metric.amount)),
      d: metric.by === undefined ? 0 : after.reduce((sum, event) => sum + metric.by!(event), 0),
      x: historyMillis === undefined || past.length === 0 ? undefined : outcome(total(past, metric.amount))
    }
  })
  const sum = (of: (unit: (typeof each)[number]) => number) => each.reduce((total, unit) => total + of(unit), 0)
  return {
    count: each.length,
    converted: each.filter(({ y }) => y !== 0).length,
    sum: sum(({ y }) => y),
    squares: sum(({ y }) => y * y),
    ...(metric.by === undefined
      ? {}
      : {
          denominator: { sum: sum(({ d }) => d), squares: sum(({ d }) => d * d), products: sum(({ d, y }) => d * y) }
        }),
    ...(metric.historyMillis === undefined
      ? {}
      : {
          covariate: {
            count: each.filter(({ x }) => x !== undefined).length,
            sum: sum(({ x = 0 }) => x),
            squares: sum(({ x = 0 }) => x * x),
            products: sum(({ x = 0, y }) => x * y),
            outcomes: sum(({ x, y }) => (x === undefined ? 0 : y))
          }
        })
  }
}
