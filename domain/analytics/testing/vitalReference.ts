import { byText, deviceOf, grouped, isOfDevice, isOnPage, numberIn } from "./pageReference.ts"
import type { ReferencePages } from "./pageReference.ts"
import type { Event } from "./reference.ts"

/** Largest good value and largest that is not poor. */
const limits: Readonly<Record<string, readonly [good: number, poor: number]>> = {
  LCP: [2500, 4000],
  INP: [200, 500],
  CLS: [0.1, 0.25],
  FCP: [1800, 3000],
  TTFB: [800, 1800]
}

const twelve = (number: number): number => Number(number.toPrecision(12))

const vitalOf = (name: string, events: ReadonlyArray<Event>) => {
  const values = events.map((event) => numberIn(event, "value")!)
  const enough = values.length * 0.75
  const p75 = values.toSorted((a, b) => a - b).find((value) => values.filter((each) => each <= value).length >= enough)!
  const [good, poor] = limits[name]!
  const rate = (value: number) => (value <= good ? "good" : value <= poor ? "needs_improvement" : "poor")
  const share = (rating: string) => twelve(values.filter((value) => rate(value) === rating).length / values.length)
  return {
    name,
    samples: values.length,
    p75: twelve(p75),
    rating: rate(p75),
    good: share("good"),
    needs_improvement: share("needs_improvement"),
    poor: share("poor")
  }
}

const groupOf = (events: ReadonlyArray<Event>) => {
  const vitals = Object.keys(limits).flatMap((name) => {
    const own = events.filter((event) => event.properties["name"] === name)
    return own.length === 0 ? [] : [vitalOf(name, own)]
  })
  const rating = (name: string) => vitals.find((vital) => vital.name === name)?.rating
  const known = rating("LCP") !== undefined && rating("CLS") !== undefined
  const core = [rating("LCP"), rating("CLS"), rating("INP") ?? "good"]
  return { vitals, passes: known ? core.every((each) => each === "good") : null }
}

const measuredOf = (events: ReadonlyArray<Event>) => ({
  samples: events.length,
  ...groupOf(events),
  devices: ["desktop", "tablet", "mobile", null].flatMap((device) => {
    const own = events.filter((event) => deviceOf(event) === device)
    return own.length === 0 ? [] : [{ device, ...groupOf(own) }]
  })
})

/** What the pages' measurements say, page by page. */
export const vitalsOf = (all: ReadonlyArray<Event>, asked: ReferencePages & { readonly top: number }) => {
  const events = all.filter(
    (event) =>
      event.event_type === "web_vital" &&
      asked.inRange(event) &&
      isOnPage(asked)(event) &&
      isOfDevice(asked)(event) &&
      String(event.properties["name"]) in limits &&
      (numberIn(event, "value") ?? -1) >= 0
  )
  const text = (value: string | null): string => value ?? "\u{10ffff}"
  const pages = grouped(events, (event) => [event.page?.host ?? null, event.page?.path ?? null])
    .map((own) => ({ host: own[0]!.page?.host ?? null, path: own[0]!.page?.path ?? null, ...measuredOf(own) }))
    .toSorted(
      (a, b) => b.samples - a.samples || byText(text(a.host), text(b.host)) || byText(text(a.path), text(b.path))
    )
  return {
    totals: measuredOf(events),
    pages: pages.slice(0, asked.top),
    other_pages: Math.max(0, pages.length - asked.top)
  }
}
