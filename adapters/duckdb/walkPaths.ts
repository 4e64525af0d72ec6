import { setImmediate as nextTurn } from "node:timers/promises"
import type { PathPlan } from "../../ports/analytics/PathPlan.ts"
import { codeAt, eventsPerTurn, eventWords, isSamePerson, timeAt } from "./OrderedEvents.ts"
import type { OrderedEvents } from "./OrderedEvents.ts"

/** Bits of a code below the node's number. */
export const beginsBit = 1
export const passesBit = 2
export const nodeShift = 2

/** What the steps of paths are given to, those of one path in their order, the anchor's being 0. */
export interface PathSteps {
  readonly path: () => void
  /** `near`: the node of the step before; `millis` since its first event; `dropped`: nothing follows. */
  readonly step: (step: number, near: number, node: number, events: number, millis: number, dropped: boolean) => void
}

type Walked = Pick<
  PathPlan,
  "fromMillis" | "toMillis" | "windowMillis" | "gapMillis" | "direction" | "collapse" | "steps"
>

/**
 * The path of each person from the first event of the range whose code begins one. Codes bear the number of the node, and
 * whether a path may begin at the event and lead through it.
 */
export const walkPaths = async (events: OrderedEvents, plan: Walked, steps: PathSteps): Promise<void> => {
  const { count, words } = events
  const end = count * eventWords
  for (let first = 0, turn = eventsPerTurn * eventWords; first < end;) {
    let next = first + eventWords
    while (next < end && isSamePerson(words, next, first)) next += eventWords
    const anchor = anchorOf(words, first, next, plan)
    if (anchor !== undefined) {
      steps.path()
      walkOne(words, anchor, plan.direction === "forward" ? next : first - eventWords, plan, steps)
    }
    first = next
    if (first < turn) continue
    turn = first + eventsPerTurn * eventWords
    await nextTurn()
  }
}

const anchorOf = (
  words: Uint32Array,
  first: number,
  next: number,
  { fromMillis, toMillis }: Walked
): number | undefined => {
  for (let at = first; at < next; at += eventWords) {
    if ((codeAt(words, at) & beginsBit) === 0) continue
    const time = timeAt(words, at)
    if (time >= fromMillis && time < toMillis) return at
  }
  return undefined
}

/** From the anchor to what lies behind the person's last event, or before the first. */
const walkOne = (words: Uint32Array, anchor: number, end: number, plan: Walked, steps: PathSteps): void => {
  const { collapse, gapMillis, windowMillis } = plan
  const stride = end > anchor ? eventWords : -eventWords
  const begin = timeAt(words, anchor)
  let [step, near, node, events] = [0, 0, codeAt(words, anchor) >>> nodeShift, 1]
  let [millis, started, last] = [0, begin, begin]
  for (let at = anchor + stride; at !== end; at += stride) {
    if ((codeAt(words, at) & passesBit) === 0) continue
    const time = timeAt(words, at)
    if (Math.abs(time - begin) > windowMillis || Math.abs(time - last) > gapMillis) break
    last = time
    const other = codeAt(words, at) >>> nodeShift
    if (collapse && other === node) {
      events += 1
      continue
    }
    steps.step(step, near, node, events, millis, false)
    if (step === plan.steps) return
    ;[step, near, node, events] = [step + 1, node, other, 1]
    millis = Math.abs(time - started)
    started = time
  }
  steps.step(step, near, node, events, millis, true)
}
