import { setImmediate as nextTurn } from "node:timers/promises"
import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import { codeAt, eventsPerTurn, eventWords, isSamePerson, placeAt, timeAt } from "./OrderedEvents.ts"
import type { OrderedEvents } from "./OrderedEvents.ts"

/** The best attempt of a person: reused for each, only valid until the next. */
export interface BestAttempt {
  /** Counted from 0. */
  readonly furthest: number
  /** By step, ms UTC; what lies behind the furthest step is left from others. */
  readonly times: Float64Array
  /** By step, the event's place among the columns. */
  readonly places: Uint32Array
}

type Walked = Pick<FunnelPlan, "fromMillis" | "toMillis" | "windowMillis" | "steps">

/**
 * The best attempts of all who began one, in the listed order of steps, from events whose code has a bit for each step
 * that they fit. For each step it is enough to know the attempt with the latest begin that has come so far: it has the
 * longest window left. The first that comes furthest is then the best, since none that comes as far ends before it.
 */
export const walkFunnel = async (
  { count, words }: OrderedEvents,
  { fromMillis, steps, toMillis, windowMillis }: Walked,
  take: (best: BestAttempt) => void
): Promise<void> => {
  const last = steps.length - 1
  const attempts = steps.map(() => new Attempt(steps.length))
  const best = new Attempt(steps.length)
  let [furthest, begin] = [-1, 0]
  const end = count * eventWords
  for (let at = 0, turn = eventsPerTurn * eventWords; at < end; at += eventWords) {
    if (at > begin && !isSamePerson(words, at, begin)) {
      if (furthest >= 0) take({ furthest, times: best.times, places: best.places })
      ;[furthest, begin] = [-1, at]
    }
    if (at > turn) {
      turn = at + eventsPerTurn * eventWords
      await nextTurn()
    }
    const [code, time] = [codeAt(words, at), timeAt(words, at)]
    for (let step = last; step > 0; step -= 1) {
      if (((code >>> step) & 1) === 0) continue
      const before = attempts[step - 1]!
      const own = attempts[step]!
      if (before.begin < begin || time - before.times[0]! > windowMillis || own.begin >= before.begin) continue
      own.follow(before, step, time, placeAt(words, at))
      if (step <= furthest) continue
      furthest = step
      best.follow(before, step, time, placeAt(words, at))
    }
    if ((code & 1) === 0 || time < fromMillis || time >= toMillis) continue
    attempts[0]!.start(at, time, placeAt(words, at))
    if (furthest >= 0) continue
    furthest = 0
    best.start(at, time, placeAt(words, at))
  }
  if (furthest >= 0) take({ furthest, times: best.times, places: best.places })
}

class Attempt {
  /** Where among the ordered events it began: in front of the person's first where the person has none. */
  begin = -1
  readonly times: Float64Array
  readonly places: Uint32Array

  constructor(steps: number) {
    this.times = new Float64Array(steps)
    this.places = new Uint32Array(steps)
  }

  start(begin: number, time: number, place: number): void {
    this.begin = begin
    this.times[0] = time
    this.places[0] = place
  }

  follow(before: Attempt, step: number, time: number, place: number): void {
    this.begin = before.begin
    for (let each = 0; each < step; each += 1) {
      this.times[each] = before.times[each]!
      this.places[each] = before.places[each]!
    }
    this.times[step] = time
    this.places[step] = place
  }
}
