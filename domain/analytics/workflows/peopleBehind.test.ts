import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { funnelQuestion } from "../testing/funnels.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { selection } from "../testing/selections.ts"
import { askFunnel } from "./askFunnel.ts"
import { askLifecycle } from "./askLifecycle.ts"
import { askPaths } from "./askPaths.ts"
import { askQuestion } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"
import { askStickiness } from "./askStickiness.ts"
import { membersOfCohort } from "./cohorts.ts"
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

const kinds = [ofFunnel, ofRetention, ofTrend, ofActivity, ofPaths]

describe("the people behind a number", () => {
  const runtime = ManagedRuntime.make(Layer.mergeAll(questionWorld(), NodeCrypto.layer))
  let number = 0

  const actorOf = (workspace: WorkspaceId): Actor => ({ workspace, keyId: "test", from: undefined, requestId: "test" })

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

  const isAsMany = async (generated: GeneratedHistory, own: Asked, places: ReadonlyArray<number>) => {
    number += 1
    await runtime.runPromise(
      Effect.gen(function* () {
        const { range, workspace } = yield* storeHistory(`history-${number}`, generated)
        const shown: Array<Shown> = []
        for (const kind of kinds) {
          const numbers = yield* kind(workspace, range, generated.zone, own)
          const at = (place: number) => numbers[place % Math.max(1, numbers.length)]
          shown.push(...places.flatMap((place) => at(place) ?? []))
        }
        for (const { number: people, of } of shown) {
          const { ids, told } = yield* all(workspace, of, 100)
          assert.deepStrictEqual([ids.length, told], [people, [people]], JSON.stringify(of))
        }
        const { of } = shown.toSorted((a, b) => b.number - a.number)[0]!
        const { ids } = yield* all(workspace, of, 2)
        const { id } = yield* savePeopleBehind(actorOf(workspace), { name: "Kept", of })
        const members = yield* membersOfCohort(workspace, id, { limit: 100 })
        assert.deepStrictEqual(members.items.map(({ person_id }) => person_id).toSorted(), ids, JSON.stringify(of))
        assert.strictEqual(members.people, ids.length)
      })
    )
  }

  it(
    `are as many as the number, and stay so as a cohort, on ${runs} generated histories`,
    {
      timeout: 240_000
    },
    async () => {
      const places = fc.array(fc.nat({ max: 1000 }), {
        minLength: Math.ceil(numbersOfHistory / kinds.length),
        maxLength: Math.ceil(numbersOfHistory / kinds.length)
      })
      await fc.assert(fc.asyncProperty(history("history"), asked, places, isAsMany), { numRuns: runs })
    }
  )

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
    [{ paths: { date_range: range }, step: 6, node: { kind: "event", name: "x" } }, "/of/step", "out_of_range"]
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
