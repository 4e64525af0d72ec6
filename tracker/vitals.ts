import { page } from "./currentPage.ts"
import type { Page } from "./currentPage.ts"
import { track } from "./queue.ts"

/** Entries bear what their kind has; the types of the DOM know some of them. */
interface Entry extends PerformanceEntry {
  readonly value: number
  readonly hadRecentInput: boolean
  readonly interactionId: number
  readonly responseStart: number
}

/** web.dev/articles/cls: shifts with less than a second between them, five seconds together. */
const shiftPauseMillis = 1000
const shiftsMillisMax = 5000

const watch = (type: string, each: (entry: Entry) => void): void => {
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => each(entry as Entry))).observe({
    type,
    buffered: true,
    durationThreshold: 16
  } as PerformanceObserverInit)
}

let first: Page
let isTold = false
let firstByte: number | undefined
let largest: number | undefined
let shifts: number | undefined
const interactions = new Map<number, number>()

const tell = (name: string, value: number | undefined): void => {
  // Of a layout shift, parts of a thousandth count.
  if (value !== undefined && !isTold)
    track("web_vital", { name, value: Math.round(value * 1000) / 1000 }, Date.now(), first)
}

/** web.dev/articles/inp: the longest interaction, but one of each fifty. */
const longInteraction = (): number | undefined =>
  [...interactions.values()].sort((a, b) => b - a)[Math.floor(interactions.size / 50)]

const watchShifts = (): void => {
  let sum = 0
  let begin = 0
  let last = 0
  watch("layout-shift", ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return
    if (startTime - last > shiftPauseMillis || startTime - begin > shiftsMillisMax) {
      sum = 0
      begin = startTime
    }
    last = startTime
    sum += value
    shifts = Math.max(shifts ?? 0, sum)
  })
}

/** Of the page that was loaded, whatever routes it shows later. */
export const watchVitals = (): void => {
  first = page
  if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) shifts = 0
  watch("navigation", ({ responseStart }) => (firstByte = responseStart))
  watch("paint", ({ name, startTime }) => name === "first-contentful-paint" && tell("FCP", startTime))
  watch("largest-contentful-paint", ({ startTime }) => (largest = startTime))
  watch("event", ({ duration, interactionId: id }) => {
    if (id) interactions.set(id, Math.max(interactions.get(id) ?? 0, duration))
  })
  watchShifts()
}

/** When the page is hidden first: what is not final before. */
export const tellVitals = (): void => {
  tell("TTFB", firstByte)
  tell("LCP", largest)
  tell("CLS", shifts)
  tell("INP", longInteraction())
  isTold = true
}
