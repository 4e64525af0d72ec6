import { inOrder, peopleUnits } from "./reference.ts"
import type { Event, Units } from "./reference.ts"

export interface ReferenceFunnel {
  readonly steps: ReadonlyArray<(event: Event) => boolean>
  readonly order: "sequential" | "strict" | "any"
  readonly windowMillis: number
  readonly exclusions: ReadonlyArray<{
    readonly matches: (event: Event) => boolean
    readonly after: number
    readonly before: number
  }>
  readonly inRange: (event: Event) => boolean
}

/** Events of one attempt, by step; a step that is not reached is missing, and so are those behind it. */
export type Attempt = ReadonlyArray<Event>

const attemptFrom = (own: ReadonlyArray<Event>, start: number, funnel: ReferenceFunnel): Attempt => {
  const first = own[start]!
  const inWindow = (event: Event) => event.time - first.time <= funnel.windowMillis
  if (funnel.order === "any") {
    const open = new Set(funnel.steps.keys())
    const kindOf = (event: Event) => funnel.steps.find((step) => step(event))
    const taken: Array<Event> = []
    for (const event of own.slice(start)) {
      const kind = kindOf(event)
      const slot = [...open].find((step) => funnel.steps[step] === kind)
      if (kind === undefined || slot === undefined || !inWindow(event)) continue
      open.delete(slot)
      taken.push(event)
    }
    return taken
  }
  const taken = [first]
  let place = start
  for (const step of funnel.steps.slice(1)) {
    const rest = own.slice(place + 1)
    const found = funnel.order === "strict" ? rest.slice(0, 1).find(step) : rest.find(step)
    if (found === undefined || !inWindow(found)) break
    place = own.indexOf(found)
    taken.push(found)
  }
  return taken
}

const isKilled = (own: ReadonlyArray<Event>, attempt: Attempt, funnel: ReferenceFunnel): boolean =>
  funnel.exclusions.some(({ after, before, matches }) => {
    const from = attempt[after]
    if (from === undefined) return false
    const to = attempt[before]
    return own
      .slice(own.indexOf(from) + 1, to === undefined ? undefined : own.indexOf(to))
      .some((event) => matches(event) && event.time - attempt[0]!.time <= funnel.windowMillis)
  })

/** The attempt of each person that counts. */
export const bestAttempts = (
  all: ReadonlyArray<Event>,
  funnel: ReferenceFunnel,
  merges?: ReadonlyMap<string, string>,
  unitOf: (event: Event) => string = () => "",
  units: Units = peopleUnits(all, merges)
): ReadonlyMap<string, Attempt> => {
  const byUnit = new Map<string, Array<Event>>()
  for (const event of inOrder(all)) {
    for (const one of units(event)) {
      const unit = `${one} ${unitOf(event)}`
      byUnit.set(unit, [...(byUnit.get(unit) ?? []), event])
    }
  }
  const best = new Map<string, Attempt>()
  for (const [unit, own] of byUnit) {
    const begins = (event: Event) =>
      funnel.inRange(event) &&
      (funnel.order === "any" ? funnel.steps.some((step) => step(event)) : funnel.steps[0]!(event))
    const attempts = own.flatMap((event, start) => (begins(event) ? [attemptFrom(own, start, funnel)] : []))
    const furthest = Math.max(0, ...attempts.map((attempt) => attempt.length))
    const alive = attempts.filter((attempt) => attempt.length === furthest && !isKilled(own, attempt, funnel))
    const ends = (attempt: Attempt) => own.indexOf(attempt.at(-1)!)
    const [first] = alive.toSorted((a, b) => ends(a) - ends(b) || own.indexOf(b[0]!) - own.indexOf(a[0]!))
    if (first !== undefined) best.set(unit, first)
  }
  return best
}
