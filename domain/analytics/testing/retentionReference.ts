import { inOrder, peopleUnits } from "./reference.ts"
import type { Event, Units } from "./reference.ts"

export interface ReferenceRetention {
  readonly start: (event: Event) => boolean
  readonly back: (event: Event) => boolean
  readonly firstTime: boolean
  readonly orAfter: boolean
  /** Index of the interval that an event lies in, counted from the first cohort's. */
  readonly interval: (event: Event) => number
  readonly cohorts: number
  readonly periods: number
}

/** People of each cohort, and those of them who came back, by period. */
export const retained = (
  all: ReadonlyArray<Event>,
  { back, cohorts, firstTime, interval, orAfter, periods, start }: ReferenceRetention,
  merges: ReadonlyMap<string, string>,
  units: Units = peopleUnits(all, merges)
): ReadonlyArray<{ readonly people: number; readonly returned: ReadonlyArray<number> }> => {
  const byPerson = new Map<string, Array<Event>>()
  for (const event of inOrder(all))
    for (const unit of units(event)) byPerson.set(unit, [...(byPerson.get(unit) ?? []), event])
  return Array.from({ length: cohorts }, (_, cohort) => {
    const members = [...byPerson.values()].flatMap((own) => {
      const starts = own.filter(start)
      const first = firstTime
        ? starts.slice(0, 1).find((event) => interval(event) === cohort)
        : starts.find((event) => interval(event) === cohort)
      return first === undefined ? [] : [own.slice(own.indexOf(first)).filter(back)]
    })
    const returned = Array.from(
      { length: periods + 1 },
      (__, period) =>
        members.filter((returns) =>
          returns.some((event) => (orAfter ? interval(event) >= cohort + period : interval(event) === cohort + period))
        ).length
    )
    return { people: members.length, returned }
  })
}
