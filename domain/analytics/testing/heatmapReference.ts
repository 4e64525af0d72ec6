import { byText, deviceOf, grouped, isOfDevice, isOnPage, numberIn } from "./pageReference.ts"
import type { ReferencePages } from "./pageReference.ts"
import { inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

export interface ReferenceHeatmap extends ReferencePages {
  readonly columns: number
  readonly rows: number
  readonly top: number
}

const median = (values: ReadonlyArray<number>): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const cellOf = (share: number, cells: number): number => Math.min(cells - 1, Math.max(0, Math.floor(share * cells)))

/** Where a click was: its cell, or `undefined` where it does not tell. */
const placeOf = (event: Event, { columns, rows }: ReferenceHeatmap) => {
  const [x, y] = [numberIn(event, "x"), numberIn(event, "y")]
  const [width, height] = [numberIn(event, "page_width"), numberIn(event, "document_height")]
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined
  if (width <= 0 || height <= 0) return undefined
  return { column: cellOf(x / width, columns), row: cellOf(y / height, rows), width, height }
}

const layerOf = (clicks: ReadonlyArray<Event>, asked: ReferenceHeatmap, person: (event: Event) => string) => {
  const places = clicks.flatMap((event) => {
    const place = placeOf(event, asked)
    return place === undefined ? [] : [{ ...place, person: person(event) }]
  })
  return {
    clicks: clicks.length,
    unplaced: clicks.length - places.length,
    people: new Set(clicks.map(person)).size,
    page_width: median(places.map(({ width }) => width)),
    document_height: median(places.map(({ height }) => height)),
    cells: grouped(places, ({ column, row }) => [column, row])
      .map((own) => ({
        column: own[0]!.column,
        row: own[0]!.row,
        clicks: own.length,
        people: new Set(own.map((place) => place.person)).size
      }))
      .toSorted((a, b) => a.row - b.row || a.column - b.column)
  }
}

const isFixed = (event: Event): boolean => event.properties["fixed"] === true

const elementsOf = (clicks: ReadonlyArray<Event>, person: (event: Event) => string) =>
  grouped(
    clicks.filter((event) => event.properties["selector"] !== undefined),
    (event) => [event.properties["selector"], isFixed(event)]
  )
    .map((own) => ({
      selector: String(own[0]!.properties["selector"]),
      fixed: isFixed(own[0]!),
      clicks: own.length,
      dead: own.filter((event) => event.properties["dead"] === true).length,
      people: new Set(own.map(person)).size
    }))
    .toSorted((a, b) => b.clicks - a.clicks || byText(a.selector, b.selector) || Number(a.fixed) - Number(b.fixed))

/** Of each view its `page_view` and how far it was scrolled: what came before the device's next view of that page tells. */
const viewsOf = (events: ReadonlyArray<Event>, inRange: (event: Event) => boolean) =>
  grouped(inOrder(events), (event) => [event.anonymous_id, event.page?.host ?? null, event.page?.path ?? null]).flatMap(
    (own) =>
      own.flatMap((view, at) => {
        if (view.event_type !== "page_view" || !inRange(view)) return []
        const behind = own.slice(at + 1)
        const next = behind.findIndex((event) => event.event_type === "page_view")
        const percents = (next === -1 ? behind : behind.slice(0, next))
          .filter((event) => event.time - view.time <= 86_400_000)
          .flatMap((event) => {
            const name = event.event_type === "page_exit" ? "scroll_percent" : "percent"
            const percent = event.event_type === "page_view" ? undefined : numberIn(event, name)
            return percent === undefined || percent < 0 || percent > 100 ? [] : [percent]
          })
        return [{ view, percent: percents.length === 0 ? undefined : Math.max(...percents) }]
      })
  )

const scrollOf = (views: ReturnType<typeof viewsOf>) => {
  const measured = views.flatMap(({ percent }) => percent ?? [])
  return {
    views: views.length,
    measured: measured.length,
    reach: Array.from({ length: 100 }, (_, index) => {
      const far = measured.filter((percent) => percent >= index + 1).length
      return {
        percent: index + 1,
        views: far,
        share: measured.length === 0 ? null : Number((far / measured.length).toPrecision(12))
      }
    })
  }
}

/** The maps of a page, by class of devices. */
export const heatmapOf = (all: ReadonlyArray<Event>, asked: ReferenceHeatmap, merges: ReadonlyMap<string, string>) => {
  const person = personOf(all, merges)
  const own = all.filter(isOnPage(asked))
  const clicks = own.filter(
    (event) => event.event_type === "element_clicked" && asked.inRange(event) && isOfDevice(asked)(event)
  )
  const views = viewsOf(
    own.filter(({ event_type }) => ["page_view", "page_exit", "scroll_depth"].includes(event_type)),
    asked.inRange
  ).filter(({ view }) => isOfDevice(asked)(view))
  return ["desktop", "tablet", "mobile", null].flatMap((device) => {
    const ownClicks = clicks.filter((event) => deviceOf(event) === device)
    const ownViews = views.filter(({ view }) => deviceOf(view) === device)
    if (ownClicks.length + ownViews.length === 0) return []
    const elements = elementsOf(ownClicks, person)
    const others = elements.slice(asked.top)
    return [
      {
        device,
        page: layerOf(
          ownClicks.filter((event) => !isFixed(event)),
          asked,
          person
        ),
        fixed: layerOf(ownClicks.filter(isFixed), asked, person),
        elements: elements.slice(0, asked.top),
        other_elements: {
          elements: others.length,
          clicks: others.reduce((sum, { clicks: count }) => sum + count, 0)
        },
        scroll: scrollOf(ownViews)
      }
    ]
  })
}
