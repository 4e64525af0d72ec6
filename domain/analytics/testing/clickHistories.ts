import * as fc from "fast-check"
import { history } from "./histories.ts"
import type { GeneratedHistory } from "./questionWorld.ts"
import type { Event } from "./reference.ts"

const type = fc.constantFrom(
  "element_clicked",
  "element_clicked",
  "element_clicked",
  "page_view",
  "page_view",
  "page_exit",
  "scroll_depth",
  "web_vital",
  "web_vital",
  undefined
)

/** What a click, a view or a measurement tells; few places and sizes, so that they meet and lie at borders. */
const what = fc.record({
  event_type: type,
  path: fc.constantFrom("/a", "/a", "/b", undefined),
  host: fc.constantFrom("shop.example", undefined),
  device: fc.constantFrom("desktop", "mobile", "tv", undefined),
  x: fc.constantFrom<unknown[]>(0, 10, 400, 639.5, 640, 1280, 1500, -3, "20", "many", undefined),
  y: fc.constantFrom<unknown[]>(0, 5, 30, 31, 2999, 3000, 3001, undefined),
  page_width: fc.constantFrom<unknown[]>(400, 767, 768, 1023, 1024, 1280, 0, undefined),
  document_height: fc.constantFrom<unknown[]>(720, 3000, 3000, 0, undefined),
  fixed: fc.constantFrom<unknown[]>(true, false, false, "true", undefined),
  dead: fc.constantFrom(true, false, undefined),
  selector: fc.constantFrom("#buy", "main > a", "main > a:nth-of-type(2)", undefined),
  percent: fc.constantFrom<unknown[]>(0, 33.3, 50, "75", 100, 101, -1, undefined),
  name: fc.constantFrom("LCP", "LCP", "INP", "CLS", "XYZ", undefined),
  value: fc.constantFrom<unknown[]>(0, 0.1, 0.25, 0.26, 200, 2500, 2501, 4000.5, 4001, "120", "slow", undefined)
})
const told = fc.record({
  made: what,
  /** Further clicks like it: so much later, ms, and so far away, px. */
  echoes: fc.array(fc.tuple(fc.constantFrom(0, 300, 500, 700, 1000, 1001), fc.constantFrom(0, 0, 18, 30, 31)), {
    maxLength: 4
  })
})
type Told = typeof told extends fc.Arbitrary<infer A> ? A : never

const withTold = (event: Event, { made }: Told): Event => {
  const { device, event_type, host, path, percent, ...rest } = made
  const { money, ...kept } = event
  const own = event_type ?? event.event_type
  const properties = { ...rest, percent, scroll_percent: percent }
  return {
    ...kept,
    event_type: own,
    ...(money === undefined || own !== event.event_type ? {} : { money }),
    ...(path === undefined ? {} : { page: { url: path, path, ...(host === undefined ? {} : { host }) } }),
    ...(device === undefined ? {} : { device: { type: device } }),
    properties: {
      ...event.properties,
      ...Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
    }
  }
}

const echoesOf = (event: Event, number: number, { echoes }: Told): ReadonlyArray<Event> =>
  event.event_type !== "element_clicked"
    ? []
    : echoes.map(([later, away], index) => ({
        ...event,
        event_id: `00000000-0000-4000-8000-${(100_000 + number * 10 + index).toString(16).padStart(12, "0")}`,
        time: event.time + later,
        properties: {
          ...event.properties,
          ...(typeof event.properties["x"] === "number" ? { x: event.properties["x"] + away } : {})
        }
      }))

/** A history whose events are clicks, views and measurements on pages, some clicks in bursts. */
export const clickHistory = (workspace: string): fc.Arbitrary<GeneratedHistory> =>
  history(workspace).chain((made) => {
    const ids = [...new Set(made.log.map((event) => event.event_id))].toSorted()
    return fc.array(told, { minLength: ids.length, maxLength: ids.length }).map((all) => {
      const log = made.log.map((event) => withTold(event, all[ids.indexOf(event.event_id)]!))
      const echoes = ids.flatMap((id, number) =>
        echoesOf(
          log.find((event) => event.event_id === id)!,
          number,
          all[number]!
        )
      )
      return { ...made, log: [...log, ...echoes] }
    })
  })
