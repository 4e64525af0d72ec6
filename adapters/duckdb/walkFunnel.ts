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
  const attempts = new Attempts(words, steps.length)
  let furthest = -1
  let begin = 0
  const end = count * eventWords
  for (let at = 0, turn = eventsPerTurn * eventWords; at < end; at += eventWords) {
    if (at > begin && !isSamePerson(words, at, begin)) {
      if (furthest >= 0) take(attempts.best(furthest))
      furthest = -1
      begin = at
    }
    if (at > turn) {
      turn = at + eventsPerTurn * eventWords
      await nextTurn()
    }
    const code = codeAt(words, at)
    const time = timeAt(words, at)
    for (let step = code > 1 ? last : 0; step > 0; step -= 1) {
      if (((code >>> step) & 1) === 0) continue
      const began = attempts.beganAt(step - 1)
      if (began < begin || time - timeAt(words, began) > windowMillis || attempts.beganAt(step) >= began) continue
      const isFurther = step > furthest
      attempts.follow(step, at, isFurther)
      if (isFurther) furthest = step
    }
    if ((code & 1) === 0 || time < fromMillis || time >= toMillis) continue
    attempts.start(at, furthest < 0)
    if (furthest < 0) furthest = 0
  }
  if (furthest >= 0) take(attempts.best(furthest))
}

/** Attempts as places among the ordered words: one for each step, and the best one behind them. */
class Attempts {
  readonly #words: Uint32Array
  readonly #steps: number
  /** By attempt and step. */
  readonly #places: Int32Array
  readonly #best: { readonly times: Float64Array; readonly places: Uint32Array }

  constructor(words: Uint32Array, steps: number) {
    this.#words = words
    this.#steps = steps
    this.#places = new Int32Array((steps + 1) * steps).fill(-1)
    this.#best = { times: new Float64Array(steps), places: new Uint32Array(steps) }
  }

  /** In front of the person's first event where the person has no such attempt. */
  beganAt(step: number): number {
    return this.#places[step * this.#steps]!
  }

  start(at: number, isBest: boolean): void {
    this.#places[0] = at
    if (isBest) this.#places[this.#steps * this.#steps] = at
  }

  /** The attempt that came to the step before comes to this one. */
  follow(step: number, at: number, isBest: boolean): void {
    const from = (step - 1) * this.#steps
    this.#copy(from, step * this.#steps, step, at)
    if (isBest) this.#copy(from, this.#steps * this.#steps, step, at)
  }

  #copy(from: number, into: number, step: number, at: number): void {
    const places = this.#places
    for (let each = 0; each < step; each += 1) places[into + each] = places[from + each]!
    places[into + step] = at
  }

  best(furthest: number): BestAttempt {
    const { places, times } = this.#best
    for (let step = 0; step <= furthest; step += 1) {
      const at = this.#places[this.#steps * this.#steps + step]!
      times[step] = timeAt(this.#words, at)
      places[step] = placeAt(this.#words, at)
    }
    return { furthest, times, places }
  }
}
