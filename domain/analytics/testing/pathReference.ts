import { inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

export interface ReferencePaths {
  readonly forward: boolean
  readonly inRange: (event: Event) => boolean
  readonly anchor: (event: Event) => boolean
  readonly through: (event: Event) => boolean
  readonly nodes: "both" | "events" | "pages"
  readonly groups: ReadonlyArray<string>
  readonly collapse: boolean
  readonly steps: number
  readonly gapMillis: number
  readonly windowMillis: number
}

interface Place {
  readonly node: string
  readonly time: number
  readonly events: number
}

/** Whether a path fits a rule: what stands before a `*` comes first, and something of what is left fits the rest. */
const fits = (rule: string, path: string): boolean => {
  const star = rule.indexOf("*")
  if (star === -1) return rule === path
  if (!path.startsWith(rule.slice(0, star))) return false
  const rest = path.slice(star)
  return Array.from({ length: rest.length + 1 }, (_, skip) => skip).some((skip) =>
    fits(rule.slice(star + 1), rest.slice(skip))
  )
}

const nodeOf = ({ groups, nodes }: ReferencePaths, event: Event): string => {
  const path = event.event_type === "page_view" ? event.page?.path : undefined
  if (nodes === "events" || path === undefined) return `event ${event.event_type}`
  return `page ${groups.find((rule) => fits(rule, path)) ?? path}`
}

/** The path of one person whose events come as they are walked: from the anchor on. */
const walk = (asked: ReferencePaths, [anchor, ...others]: ReadonlyArray<Event>): ReadonlyArray<Place> => {
  const places: Array<Place> = [{ node: nodeOf(asked, anchor!), time: anchor!.time, events: 1 }]
  let last = anchor!.time
  for (const event of others) {
    if (!asked.through(event)) continue
    if (asked.nodes === "pages" && (event.event_type !== "page_view" || event.page === undefined)) continue
    if (Math.abs(event.time - anchor!.time) > asked.windowMillis) break
    if (Math.abs(event.time - last) > asked.gapMillis) break
    last = event.time
    const before = places.at(-1)!
    const node = nodeOf(asked, event)
    if (asked.collapse && before.node === node) places[places.length - 1] = { ...before, events: before.events + 1 }
    else places.push({ node, time: event.time, events: 1 })
  }
  return places
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const grouped = <Item>(items: ReadonlyArray<Item>, key: (item: Item) => string): ReadonlyArray<ReadonlyArray<Item>> => {
  const groups = new Map<string, Array<Item>>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return [...groups.values()]
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Everybody's first path: all edges and all nodes, the largest first. */
export const pathsOf = (all: ReadonlyArray<Event>, asked: ReferencePaths, merges: ReadonlyMap<string, string>) => {
  const person = personOf(all, merges)
  const paths = grouped(inOrder(all), person).flatMap((own) => {
    const at = own.findIndex((event) => asked.inRange(event) && asked.anchor(event))
    if (at === -1) return []
    return [walk(asked, asked.forward ? own.slice(at) : own.slice(0, at + 1).toReversed())]
  })
  const passed = paths.flatMap((places) =>
    places.slice(1, asked.steps + 1).map((place, index) => {
      const before = places[index]!
      return {
        step: index + 1,
        from: asked.forward ? before.node : place.node,
        to: asked.forward ? place.node : before.node,
        events: place.events,
        millis: Math.abs(place.time - before.time)
      }
    })
  )
  const stood = paths.flatMap((places) =>
    places
      .slice(0, asked.steps + 1)
      .map(({ node }, step) => ({ step, node, dropped: step === places.length - 1 ? 1 : 0 }))
  )
  const edges = grouped(passed, ({ from, step, to }) => JSON.stringify([step, from, to])).map((own) => ({
    step: own[0]!.step,
    from: own[0]!.from,
    to: own[0]!.to,
    people: own.length,
    events: own.reduce((sum, { events }) => sum + events, 0),
    median_ms: median(own.map(({ millis }) => millis))
  }))
  const nodes = grouped(stood, ({ node, step }) => JSON.stringify([step, node])).map((own) => ({
    step: own[0]!.step,
    node: own[0]!.node,
    people: own.length,
    dropped: own.reduce((sum, { dropped }) => sum + dropped, 0)
  }))
  return {
    people: paths.length,
    edges: edges.toSorted(
      (a, b) => b.people - a.people || a.step - b.step || byText(a.from, b.from) || byText(a.to, b.to)
    ),
    nodes: nodes.toSorted((a, b) => b.people - a.people || a.step - b.step || byText(a.node, b.node))
  }
}
