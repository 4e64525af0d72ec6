import { bucketOf, daysAfter, peopleUnits } from "./reference.ts"
import type { Event, Units } from "./reference.ts"

export interface ReferenceActivity {
  readonly zone: string
  readonly interval: "day" | "week" | "month"
  /** First and last day. */
  readonly from: string
  readonly to: string
  readonly counts: (event: Event) => boolean
}

type Merges = ReadonlyMap<string, string>

/** The name that `bucketOf` gives to the interval of a calendar day. */
const intervalOfDay = ({ interval }: ReferenceActivity, day: string): string =>
  bucketOf("UTC", interval, Date.parse(`${day}T12:00:00Z`))

const daysOf = ({ from, to }: ReferenceActivity): ReadonlyArray<string> => {
  const days: Array<string> = []
  for (let day = from; day <= to; day = daysAfter(day, 1)) days.push(day)
  return days
}

/** Names of the intervals that the range touches, in order. */
export const intervalsOf = (asked: ReferenceActivity): ReadonlyArray<string> => [
  ...new Set(daysOf(asked).map((day) => intervalOfDay(asked, day)))
]

/** People who were active on exactly 1, 2, … of the intervals. */
export const sticky = (
  all: ReadonlyArray<Event>,
  asked: ReferenceActivity,
  merges: Merges,
  units: Units = peopleUnits(all, merges)
): ReadonlyArray<number> => {
  const activeOn = new Map<string, Set<string>>()
  for (const event of all) {
    const day = bucketOf(asked.zone, "day", event.time)
    if (!asked.counts(event) || day < asked.from || day > asked.to) continue
    for (const unit of units(event)) {
      const own = activeOn.get(unit) ?? new Set()
      activeOn.set(unit, own.add(bucketOf(asked.zone, asked.interval, event.time)))
    }
  }
  return intervalsOf(asked).map((_, index) => [...activeOn.values()].filter((own) => own.size === index + 1).length)
}

/** How many people are in which state, by interval. */
export const lifecycles = (
  all: ReadonlyArray<Event>,
  asked: ReferenceActivity,
  merges: Merges,
  units: Units = peopleUnits(all, merges)
) => {
  const activeOn = new Map<string, Array<string>>()
  for (const event of all.filter(asked.counts).toSorted((a, b) => a.time - b.time)) {
    for (const unit of units(event)) {
      const own = activeOn.get(unit) ?? []
      activeOn.set(unit, [...own, bucketOf(asked.zone, asked.interval, event.time)])
    }
  }
  return intervalsOf(asked).map((name) => {
    const firstDay = asked.interval === "month" ? `${name}-01` : name
    const before = intervalOfDay(asked, daysAfter(firstDay, -1))
    const states = [...activeOn.values()].map((own) => {
      if (own[0] === name) return "new"
      if (own.includes(name)) return own.includes(before) ? "returning" : "resurrecting"
      return own.includes(before) ? "dormant" : "away"
    })
    const inState = (state: string) => states.filter((each) => each === state).length
    return {
      new: inState("new"),
      returning: inState("returning"),
      resurrecting: inState("resurrecting"),
      dormant: 0 - inState("dormant")
    }
  })
}
