import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { clickHistory } from "../testing/clickHistories.ts"
import { funnelQuestion } from "../testing/funnels.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { selection } from "../testing/selections.ts"
import { visitHistory } from "../testing/visitHistories.ts"
import { askAttribution } from "./askAttribution.ts"
import { askClicks } from "./askClicks.ts"
import { askFunnel } from "./askFunnel.ts"
import { askHeatmap } from "./askHeatmap.ts"
import { askLifecycle } from "./askLifecycle.ts"
import { askLifetime } from "./askLifetime.ts"
import { askPaths } from "./askPaths.ts"
import { askQuestion } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"
import { askSessions } from "./askSessions.ts"
import { askStickiness } from "./askStickiness.ts"
import { membersOfCohort } from "./cohorts.ts"
import { askGoals, createGoal } from "./goals.ts"
import { listPeopleBehind, savePeopleBehind } from "./peopleBehind.ts"

const runs = Number(process.env["HISTORIES"] ?? 8)
/** Numbers of each history that are looked behind. */
const numbersOfHistory = 12

interface Shown {
  readonly of: ShownNumber
  readonly number: number
}

interface Asked {
  readonly start: EventSelection
  readonly end: EventSelection
  readonly funnel: typeof funnelQuestion extends fc.Arbitrary<infer Question> ? Question : never
  readonly orAfter: boolean
}

const asked: fc.Arbitrary<Asked> = fc.record({
  start: selection,
  end: selection,
  funnel: funnelQuestion,
  orAfter: fc.boolean()
})

type Range = { readonly from: string; readonly to: string }

/** Every number of a funnel that counts people: of all together and by value of the dimension, unless people may stand in many. */
const ofFunnel = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  own: Asked
) {
  const funnel = { ...own.funnel, date_range, time_zone }
  const result = yield* askFunnel(workspace, funnel)
  const groups = [{ steps: result.steps }, ...result.groups.filter(({ other }) => other !== true)]
  return groups.flatMap((group): ReadonlyArray<Shown> => {
    const value = "value" in group && group.value !== undefined ? { value: group.value } : {}
    return group.steps.flatMap(({ people }, index) => [
      { of: { funnel, step: index + 1, ...value }, number: people },
      ...(index === 0
        ? []
        : [
            {
              of: { funnel, step: index + 1, outcome: "dropped" as const, ...value },
              number: group.steps[index - 1]!.people - people
            }
          ])
    ])
  })
})

const ofRetention = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  { end, orAfter, start }: Asked
) {
  const returned = orAfter ? ("on_or_after" as const) : ("on" as const)
  const retention = { date_range, time_zone, start, return: end, periods: 2, returned }
  const result = yield* askRetention(workspace, retention)
  return result.cohorts.flatMap(({ people, periods }, cohort): ReadonlyArray<Shown> => [
    { of: { retention, cohort }, number: people },
    ...periods.flatMap((each, period) => [
      { of: { retention, cohort, period }, number: each.people },
      { of: { retention, cohort, period, outcome: "not_returned" as const }, number: people - each.people }
    ])
  ])
})

const ofTrend = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Range, time_zone: string, own: Asked) {
  const trend = {
    date_range,
    time_zone,
    metrics: ["people"],
    interval: "day" as const,
    dimensions: ["trait:plan", "cohort:buyers|list"],
    event_types: own.start.event_types!
  }
  const result = yield* askQuestion(workspace, trend)
  const numberOf = (metrics: Readonly<Record<string, unknown>>) => Number(metrics["people"])
  return [
    { of: { trend }, number: numberOf(result.totals) },
    ...result.series!.map((metrics, bucket) => ({ of: { trend, bucket }, number: numberOf(metrics) })),
    ...result.rows
      .filter(({ other }) => other !== true)
      .flatMap(({ metrics, series, values }): ReadonlyArray<Shown> => [
        { of: { trend, values }, number: numberOf(metrics) },
        ...series!.map((each, bucket) => ({ of: { trend, values, bucket }, number: numberOf(each) }))
      ])
  ]
})

const ofActivity = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  { start }: Asked
) {
  const question = { date_range, time_zone, ...start }
  const stickiness = yield* askStickiness(workspace, question)
  const lifecycle = yield* askLifecycle(workspace, question)
  const states = ["active", "new", "returning", "resurrecting", "dormant"] as const
  return [
    { of: { stickiness: question }, number: stickiness.people },
    ...stickiness.histogram.flatMap(({ intervals, people, people_at_least }): ReadonlyArray<Shown> => [
      { of: { stickiness: question, intervals }, number: people },
      { of: { stickiness: question, intervals, at_least: true }, number: people_at_least }
    ]),
    ...lifecycle.periods.flatMap((period, index) =>
      states.map((state): Shown => ({
        of: { lifecycle: question, period: index, state },
        number: Math.abs(period[state])
      }))
    )
  ]
})

const ofPaths = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  { orAfter, start }: Asked
) {
  const anchor = orAfter ? { start } : { end: start }
  const paths = { date_range, time_zone, ...anchor, gap_minutes: 600, collapse_loops: orAfter, groups: ["/pricing*"] }
  const result = yield* askPaths(workspace, paths)
  return [
    { of: { paths }, number: result.people },
    ...result.nodes.flatMap(({ dropped, node, people, step }): ReadonlyArray<Shown> => [
      { of: { paths, step, node }, number: people },
      { of: { paths, step, node, outcome: "dropped" }, number: dropped }
    ]),
    ...result.edges.map(({ from, people, step, to }): Shown => ({ of: { paths, step, from, to }, number: people }))
  ]
})

const ofSessions = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  { orAfter, start }: Asked
) {
  const sessions = {
    date_range,
    time_zone,
    interval: "day" as const,
    dimension: orAfter ? "source" : "cohort:buyers|list",
    ...(orAfter ? {} : { holding: start })
  }
  const { rows, series = [], totals } = yield* askSessions(workspace, sessions)
  return [
    { of: { sessions }, number: totals.people },
    ...series.map(({ people }, bucket): Shown => ({ of: { sessions, bucket }, number: people })),
    ...rows
      .filter(({ other }) => other !== true)
      .flatMap(({ metrics, series: own = [], value = null }): ReadonlyArray<Shown> => [
        { of: { sessions, value }, number: metrics.people },
        ...own.map(({ people }, bucket): Shown => ({ of: { sessions, value, bucket }, number: people }))
      ])
  ]
})

const actorOf = (workspace: WorkspaceId): Actor => ({ workspace, keyId: "test", from: undefined, requestId: "test" })

const ofGoals = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Range, time_zone: string) {
  yield* createGoal(actorOf(workspace), { name: "Buys", on: { event_type: "order_completed" } })
  yield* createGoal(actorOf(workspace), { name: "Looks", on: { page: "/a" } })
  const goals = { date_range, time_zone, interval: "day" as const, dimension: "country" }
  const { items } = yield* askGoals(workspace, goals)
  return items.flatMap(({ goal, rows, series: all = [], ...whole }): ReadonlyArray<Shown> => {
    const shown = rows.filter(({ other }) => other !== true)
    const places = [
      { place: {}, numbers: whole },
      ...all.map((numbers, bucket) => ({ place: { bucket }, numbers })),
      ...shown.flatMap(({ dimension_value: value = null, series = [], ...numbers }) => [
        { place: { value }, numbers },
        ...series.map((each, bucket) => ({ place: { value, bucket }, numbers: each }))
      ])
    ]
    return places.flatMap(({ numbers: { converters, visitors }, place }) => [
      { of: { goals, ...place }, number: visitors },
      { of: { goals, goal, ...place }, number: converters },
      { of: { goals, goal, outcome: "not_converted" as const, ...place }, number: visitors - converters }
    ])
  })
})

const ofAttribution = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  date_range: Range,
  time_zone: string,
  { orAfter, start }: Asked
) {
  const attribution = {
    date_range,
    time_zone,
    models: ["linear" as const],
    dimension: orAfter ? ("source" as const) : ("landing_page" as const),
    direct: orAfter ? ("last_resort" as const) : ("equal" as const),
    ...(orAfter ? {} : { conversion: start })
  }
  const { models, people } = yield* askAttribution(workspace, attribution)
  return [
    { of: { attribution }, number: people },
    ...models[0]!.rows
      .filter(({ other }) => other !== true)
      .map(({ people: own, unattributed, value = null }): Shown => ({
        of: { attribution, ...(unattributed === true ? { unattributed } : { value }) },
        number: own
      }))
  ]
})

const ofLifetime = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Range, time_zone: string) {
  const ltv = { date_range, time_zone, interval: "week" as const, periods: 1, predict: false }
  const { cohorts } = yield* askLifetime(workspace, ltv)
  return cohorts.map(({ customers }, cohort): Shown => ({ of: { ltv, cohort }, number: customers }))
})

const ofClicks = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Range, time_zone: string) {
  const clicks = { date_range, time_zone }
  const { elements, totals } = yield* askClicks(workspace, clicks)
  type Counts = Pick<typeof totals, "people" | "rage_people" | "dead_people">
  const kindsOf = (of: ShownNumber, counts: Counts): ReadonlyArray<Shown> => [
    { of, number: counts.people },
    { of: { ...of, counted: "rage" } as ShownNumber, number: counts.rage_people },
    { of: { ...of, counted: "dead" } as ShownNumber, number: counts.dead_people }
  ]
  return [
    ...kindsOf({ clicks }, totals),
    ...elements.flatMap(({ host, path, selector, ...counts }) =>
      kindsOf({ clicks, element: { host, path, selector } }, counts)
    )
  ]
})

const ofHeatmap = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Range, time_zone: string) {
  const heatmap = { date_range, time_zone, path: "/a", columns: 3, rows: 7 }
  const { maps } = yield* askHeatmap(workspace, heatmap)
  return maps.flatMap(({ device, elements, ...map }): ReadonlyArray<Shown> => [
    ...[false, true].flatMap((fixed): ReadonlyArray<Shown> => {
      const { cells, people } = fixed ? map.fixed : map.page
      return [
        { of: { heatmap, device, fixed }, number: people },
        ...cells.map(({ column, people: own, row }): Shown => ({
          of: { heatmap, device, fixed, cell: { column, row } },
          number: own
        }))
      ]
    }),
    ...elements.map(({ fixed, people, selector }): Shown => ({
      of: { heatmap, device, fixed, selector },
      number: people
    }))
  ])
})

const worlds = [
  { of: "questions", histories: history, kinds: [ofFunnel, ofRetention, ofTrend, ofActivity, ofPaths] },
  { of: "visits and orders", histories: visitHistory, kinds: [ofSessions, ofGoals, ofAttribution, ofLifetime] },
  { of: "clicks", histories: clickHistory, kinds: [ofClicks, ofHeatmap] }
]

describe("the people behind a number", () => {
  const runtime = ManagedRuntime.make(Layer.mergeAll(questionWorld(), NodeCrypto.layer))
  let number = 0

  const all = Effect.fnUntraced(function* (workspace: WorkspaceId, of: ShownNumber, limit: number) {
    const ids: Array<string> = []
    const told = new Set<number>()
    let cursor: string | undefined
    do {
      const page = yield* listPeopleBehind(workspace, { of, limit, ...(cursor === undefined ? {} : { cursor }) })
      ids.push(...page.items.map(({ person_id }) => person_id))
      told.add(page.people)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return { ids: ids.toSorted(), told: [...told] }
  })

  const isAsMany = async (
    kinds: (typeof worlds)[number]["kinds"],
    generated: GeneratedHistory,
    own: Asked,
    places: ReadonlyArray<number>
  ) => {
    number += 1
    await runtime.runPromise(
      Effect.gen(function* () {
        const { range, workspace } = yield* storeHistory(`history-${number}`, generated)
        for (const [index, kind] of kinds.entries()) {
          const numbers = yield* kind(workspace, range, generated.zone, own)
          const shown = places.flatMap((place) => numbers[place % Math.max(1, numbers.length)] ?? [])
          for (const { number: people, of } of shown) {
            const { ids, told } = yield* all(workspace, of, 100)
            assert.deepStrictEqual([ids.length, told], [people, [people]], JSON.stringify(of))
          }
          const largest = shown.toSorted((a, b) => b.number - a.number)[0]
          if (largest === undefined) continue
          const { of } = largest
          const { ids } = yield* all(workspace, of, 2)
          const { id } = yield* savePeopleBehind(actorOf(workspace), { name: `Kept ${index}`, of })
          const members = yield* membersOfCohort(workspace, id, { limit: 100 })
          assert.deepStrictEqual(members.items.map(({ person_id }) => person_id).toSorted(), ids, JSON.stringify(of))
          assert.strictEqual(members.people, ids.length)
        }
      })
    )
  }

  for (const { histories, kinds, of } of worlds) {
    it(
      `are as many as the number of ${of}, and stay so as a cohort, on ${runs} generated histories`,
      { timeout: 240_000 },
      async () => {
        const length = Math.ceil(numbersOfHistory / kinds.length)
        const places = fc.array(fc.nat({ max: 1000 }), { minLength: length, maxLength: length })
        const property = fc.asyncProperty(histories("history"), asked, places, (generated, own, each) =>
          isAsMany(kinds, generated, own, each)
        )
        await fc.assert(property, { numRuns: runs })
      }
    )
  }

  const range = { from: "2026-03-01", to: "2026-03-03" }
  const wrong: ReadonlyArray<readonly [ShownNumber, string, string]> = [
    [{ funnel: { date_range: range, steps: [{}, {}] }, step: 3 }, "/of/step", "out_of_range"],
    [{ funnel: { date_range: range, steps: [{}, {}] }, step: 1, outcome: "dropped" }, "/of/step", "out_of_range"],
    [{ funnel: { date_range: range, steps: [{}, {}] }, step: 1, value: "DE" }, "/of/value", "no_dimension"],
    [{ funnel: { date_range: range, steps: [{}] }, step: 1 }, "/of/funnel/steps", "too_few"],
    [{ retention: { date_range: range }, cohort: 3 }, "/of/cohort", "out_of_range"],
    [{ retention: { date_range: range }, cohort: 0, period: 13 }, "/of/period", "out_of_range"],
    [{ trend: { date_range: range, metrics: ["events"] } }, "/of/trend/metrics", "no_people"],
    [{ trend: { date_range: range, metrics: ["people"] }, bucket: 0 }, "/of/bucket", "out_of_range"],
    [{ trend: { date_range: range, metrics: ["people"] }, values: ["DE"] }, "/of/values", "wrong_length"],
    [{ stickiness: { date_range: range }, intervals: 4 }, "/of/intervals", "out_of_range"],
    [{ lifecycle: { date_range: range }, period: 3, state: "new" }, "/of/period", "out_of_range"],
    [{ paths: { date_range: range }, step: 1 }, "/of", "no_place"],
    [{ paths: { date_range: range }, step: 6, node: { kind: "event", name: "x" } }, "/of/step", "out_of_range"],
    [{ sessions: { date_range: range }, bucket: 0 }, "/of/bucket", "out_of_range"],
    [{ sessions: { date_range: range }, value: null }, "/of/value", "no_dimension"],
    [{ goals: { date_range: range }, goal: "none" }, "/of/goal", "unknown_goal"],
    [{ goals: { date_range: range, dimension: "contry" } }, "/of/goals/dimension", "unknown_dimension"],
    [{ attribution: { date_range: range }, value: "direct", unattributed: true }, "/of/value", "no_place"],
    [{ ltv: { date_range: range }, cohort: 1 }, "/of/cohort", "out_of_range"],
    [{ clicks: { date_range: range, top: 0 } }, "/of/clicks/top", "out_of_range"],
    [
      { heatmap: { date_range: range, path: "/", rows: 5 }, device: null, cell: { column: 0, row: 5 } },
      "/of/cell/row",
      "out_of_range"
    ]
  ]

  it("are refused where the number is none", async () => {
    for (const [of, pointer, code] of wrong) {
      const failure = await runtime.runPromise(Effect.flip(listPeopleBehind(WorkspaceId.make("wrong"), { of })))
      const errors = failure._tag === "InvalidQuestion" ? failure.errors : []
      assert.deepStrictEqual(
        errors.map((each) => [each.pointer, each.code]),
        [[pointer, code]],
        JSON.stringify(of)
      )
    }
  })
})
