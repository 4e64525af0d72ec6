import { byText, grouped, isOfDevice, isOnPage, numberIn } from "./pageReference.ts"
import type { ReferencePages } from "./pageReference.ts"
import { inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

export interface ReferenceClicks extends ReferencePages {
  readonly order: "rage" | "dead" | "clicks"
  readonly top: number
}

const isFixed = (event: Event): boolean => event.properties["fixed"] === true
const isDead = (event: Event): boolean => event.properties["dead"] === true

const isPlaced = (event: Event): boolean => numberIn(event, "x") !== undefined && numberIn(event, "y") !== undefined

const pixelsBetween = (a: Event, b: Event): number =>
  Math.hypot(numberIn(a, "x")! - numberIn(b, "x")!, numberIn(a, "y")! - numberIn(b, "y")!)

const isRage = ([first, second, third]: ReadonlyArray<Event>): boolean =>
  first !== undefined &&
  second !== undefined &&
  third !== undefined &&
  third.time - first.time <= 1000 &&
  pixelsBetween(first, second) <= 30 &&
  pixelsBetween(second, third) <= 30 &&
  pixelsBetween(first, third) <= 30

/** Clicks of angry bursts, burst by burst. */
const burstsOf = (clicks: ReadonlyArray<Event>): ReadonlyArray<ReadonlyArray<Event>> =>
  grouped(inOrder(clicks.filter(isPlaced)), (event) => [
    event.anonymous_id,
    event.page?.host ?? null,
    event.page?.path ?? null,
    isFixed(event)
  ]).flatMap((own) => {
    const bursts: Array<Array<Event>> = []
    for (const at of own.keys()) {
      const three = own.slice(at, at + 3)
      if (!isRage(three)) continue
      const going = bursts.at(-1)
      if (going !== undefined && three.some((event) => going.includes(event)))
        going.push(...three.filter((event) => !going.includes(event)))
      else bursts.push([...three])
    }
    return bursts
  })

/** Elements with their clicks, and the clicks of all. */
export const clicksOf = (all: ReadonlyArray<Event>, asked: ReferenceClicks, merges: ReadonlyMap<string, string>) => {
  const person = personOf(all, merges)
  const meant = all.filter(
    (event) => event.event_type === "element_clicked" && isOnPage(asked)(event) && isOfDevice(asked)(event)
  )
  const bursts = burstsOf(meant)
  const angry = new Set(bursts.flat())
  const begins = new Set(bursts.map(([first]) => first!))
  const numbersOf = (clicks: ReadonlyArray<Event>) => ({
    clicks: clicks.length,
    rage_clicks: clicks.filter((event) => angry.has(event)).length,
    rage_bursts: clicks.filter((event) => begins.has(event)).length,
    dead_clicks: clicks.filter(isDead).length,
    people: new Set(clicks.map(person)).size,
    rage_people: new Set(clicks.filter((event) => angry.has(event)).map(person)).size,
    dead_people: new Set(clicks.filter(isDead).map(person)).size
  })
  const clicks = meant.filter(asked.inRange)
  const first = { rage: "rage_clicks", dead: "dead_clicks", clicks: "clicks" } as const
  const text = (value: string | null): string => value ?? "\u{10ffff}"
  const elements = grouped(
    clicks.filter((event) => event.properties["selector"] !== undefined),
    (event) => [event.page?.host ?? null, event.page?.path ?? null, event.properties["selector"]]
  )
    .map((own) => ({
      selector: String(own[0]!.properties["selector"]),
      host: own[0]!.page?.host ?? null,
      path: own[0]!.page?.path ?? null,
      ...numbersOf(own)
    }))
    .toSorted(
      (a, b) =>
        b[first[asked.order]] - a[first[asked.order]] ||
        b.rage_clicks - a.rage_clicks ||
        b.dead_clicks - a.dead_clicks ||
        b.clicks - a.clicks ||
        byText(text(a.host), text(b.host)) ||
        byText(text(a.path), text(b.path)) ||
        byText(a.selector, b.selector)
    )
  return {
    elements: elements.slice(0, asked.top),
    other_elements: Math.max(0, elements.length - asked.top),
    totals: numbersOf(clicks)
  }
}
