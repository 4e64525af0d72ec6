import type { AttributionRows } from "./AttributionPlan.ts"
import type { UserMerge } from "./EventStore.ts"
import type { PathNode } from "./PathQuestion.ts"
import type { PlanAnswer, PlanKind, QueryPlan } from "./QueryPlan.ts"

/** Kinds of plans of which vectors are kept beside those of trends. */
export const toldKinds = [
  "attribution",
  "funnel",
  "heatmap",
  "lifecycle",
  "lifetime",
  "membership",
  "path",
  "retention",
  "session",
  "stickiness"
] as const satisfies ReadonlyArray<PlanKind>
export type ToldKind = (typeof toldKinds)[number]

/** Plans and what an answer to each tells, in plain numbers and texts; the lines are one log, merges come behind it. */
export interface AnswerVector {
  readonly workspace: string
  readonly lines: ReadonlyArray<object>
  readonly merges: ReadonlyArray<UserMerge>
  readonly asked: ReadonlyArray<{ readonly plan: QueryPlan<ToldKind>; readonly told: unknown }>
}

const nodeText = ({ kind, name }: PathNode): string => `${kind} ${name}`

/** Conversions by the value of their first touch, and of their last; `-` where there is none. */
const touchesTold = ({ credits, touches }: AttributionRows) => {
  const told = { first: new Map<string, number>(), last: new Map<string, number>() }
  for (const { conversion } of credits.filter(({ refund }) => !refund)) {
    const own = touches.filter((touch) => touch.conversion === conversion)
    for (const [place, touch] of [
      ["first", own[0]],
      ["last", own.at(-1)]
    ] as const) {
      const value = touch === undefined ? "-" : `= ${touch.value}`
      told[place].set(value, (told[place].get(value) ?? 0) + 1)
    }
  }
  const sorted = (counts: ReadonlyMap<string, number>) => [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { first: sorted(told.first), last: sorted(told.last) }
}

type Telling = {
  readonly [Kind in ToldKind]: (answer: PlanAnswer<Kind>, plan: QueryPlan<Kind>) => unknown
}

/** What is kept of an answer; how rows are divided that say nothing is left to the store. */
export const tellings: Telling = {
  attribution: touchesTold,
  funnel: ({ rows }, { steps }) => {
    const everybody = rows.find(({ group }) => group === undefined)
    return {
      people: everybody?.people ?? steps.map(() => 0),
      millis: everybody?.times.map(({ sumMillis }) => Number(sumMillis)) ?? steps.slice(1).map(() => 0)
    }
  },
  heatmap: ({ cells, layers, views }) => ({
    layers: layers
      .filter(({ clicks }) => clicks > 0)
      .map(({ clicks, device, fixed, people, placed }) => [device, fixed, clicks, placed, people])
      .toSorted(byJson),
    cells: cells
      .map(({ clicks, column, device, fixed, people, row }) => [device, fixed, column, row, clicks, people])
      .toSorted(byJson),
    views: views.reduce((sum, each) => sum + each.views, 0),
    measured: views.reduce((sum, each) => sum + (each.percent === undefined ? 0 : each.views), 0)
  }),
  lifecycle: ({ rows }) =>
    rows.map(({ bucket, dormant, fresh, resurrecting, returning }) => [
      bucket,
      fresh,
      returning,
      resurrecting,
      Math.abs(dormant)
    ]),
  lifetime: ({ cohorts, rows }, { cohortCount, periods }) =>
    Array.from({ length: cohortCount }, (_, cohort) => ({
      customers: cohorts.find((each) => each.cohort === cohort)?.customers ?? 0,
      // Up to the end of each period.
      periods: Array.from({ length: periods + 1 }, (__, period) => {
        const until = rows.filter((row) => row.cohort === cohort && row.period <= period)
        const sum = (of: (row: (typeof rows)[number]) => number) => until.reduce((total, row) => total + of(row), 0)
        return [sum(({ orders }) => orders), sum(({ refunds }) => refunds)]
      })
    })),
  membership: ({ people }) => people,
  path: ({ edges, nodes, people }) => ({
    people,
    edges: edges.map((edge) => [
      edge.step,
      nodeText(edge.from),
      nodeText(edge.to),
      edge.people,
      edge.events,
      edge.medianMillis
    ]),
    nodes: nodes.map((place) => [place.step, nodeText(place.node), place.people, place.dropped])
  }),
  retention: ({ rows }, { bucketCount, cohortCount }) =>
    rows
      .filter(({ people }) => people > 0)
      .map(({ cohort, people, returned, returnedSince }) => {
        const periods = bucketCount - cohortCount + 1
        return [cohort, people, returned.slice(0, periods), returnedSince.slice(0, periods)]
      }),
  session: ({ rows }) => {
    const all = rows.find(({ bucket, group }) => bucket === undefined && group === undefined)
    return all === undefined
      ? [0, 0, 0, 0, null]
      : [all.sessions, all.people, all.bounces, Number(all.pages), all.medianMillis]
  },
  stickiness: ({ rows }) => rows.filter(({ people }) => people > 0).map(({ buckets, people }) => [buckets, people])
}

/** Orders rows of texts and numbers. */
export const byJson = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

export const toldOf = <Kind extends ToldKind>(plan: QueryPlan<Kind>, answer: PlanAnswer<Kind>): unknown =>
  (tellings[plan.kind] as (answer: PlanAnswer<Kind>, plan: QueryPlan<Kind>) => unknown)(answer, plan)
