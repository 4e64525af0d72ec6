import { numberOf } from "./reference.ts"
import type { Event } from "./reference.ts"

export interface ReferencePages {
  readonly inRange: (event: Event) => boolean
  readonly path: string | undefined
  readonly host: string | undefined
  readonly device: string | undefined
  readonly matches: (event: Event) => boolean
}

/** A number, or a text that is one. */
export const numberIn = (event: Event, name: string): number | undefined => {
  const value = event.properties[name]
  return typeof value === "number" || typeof value === "string" ? numberOf(String(value)) : undefined
}

export const deviceOf = (event: Event): string | null => {
  const type = event.device?.type
  if (type === "desktop" || type === "tablet" || type === "mobile") return type
  const width = numberIn(event, "page_width")
  return width === undefined ? null : width < 768 ? "mobile" : width < 1024 ? "tablet" : "desktop"
}

/** Whether an event lies on the page, whatever its time and device. */
export const isOnPage =
  ({ host, matches, path }: ReferencePages) =>
  (event: Event): boolean =>
    (path === undefined || event.page?.path === path) &&
    (host === undefined || event.page?.host === host) &&
    matches(event)

export const isOfDevice =
  ({ device }: ReferencePages) =>
  (event: Event): boolean =>
    device === undefined || deviceOf(event) === device

export const grouped = <Item>(
  items: ReadonlyArray<Item>,
  key: (item: Item) => unknown
): ReadonlyArray<ReadonlyArray<Item>> => [...Map.groupBy(items, (item) => JSON.stringify(key(item))).values()]

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
