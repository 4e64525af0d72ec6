import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { GoalNumbers } from "../../../ports/analytics/GoalQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { fitsPattern, isConversion, newGoal, numbersOf, storeGoals } from "../testing/goalReference.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { bucketOf, daysAfter, personOf } from "../testing/reference.ts"
import { country } from "../testing/selections.ts"
import { askGoals } from "./goals.ts"
import { askFunnel } from "./askFunnel.ts"
import { askQuestion } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)

const question = fc.record({
  byDay: fc.boolean(),
  byCountry: fc.boolean(),
  /** Of France, in the cohort `list`, or anybody. */
  only: fc.constantFrom("french", "listed", "anybody")
})
type Asked = typeof question extends fc.Arbitrary<infer A> ? A : never

const numbersIn = ({
  conversions,
  converters,
  rate,
  rate_interval,
  small,
  value,
  visitors
}: GoalNumbers): GoalNumbers => ({
  visitors,
  small,
  converters,
  conversions,
  rate,
  rate_interval,
  value
})

describe("askGoals", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (
    generated: GeneratedHistory,
    made: ReadonlyArray<typeof newGoal extends fc.Arbitrary<infer A> ? A : never>,
    asked: ReadonlyArray<Asked>
  ) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, inRange, range, workspace } = yield* storeHistory(`goals-${number}`, generated)
        yield* storeGoals(workspace, made)
        const person = personOf(all, merges)
        for (const { byCountry, byDay, only } of asked) {
          const counts = {
            french: (event: (typeof all)[number]) => country(event) === "FR",
            listed: (event: (typeof all)[number]) => belongs("list", event),
            anybody: () => true
          }[only]
          const result = yield* askGoals(workspace, {
            date_range: range,
            time_zone: zone,
            ...(byDay ? { interval: "day" as const } : {}),
            ...(byCountry ? { dimension: "country" } : {}),
            ...(only === "french" ? { filters: { dimension: "country", operator: "is", value: "FR" } } : {}),
            ...(only === "listed" ? { filters: { cohort: "list", operator: "is_member" } } : {})
          })
          const counted = all.filter((event) => inRange(event) && counts(event))
          assert.deepStrictEqual(
            result.items.map(({ goal }) => goal),
            made.map((_, index) => `goal-${made.length - 1 - index}`)
          )
          for (const item of result.items) {
            const goal = made[Number(item.goal.slice("goal-".length))]!
            const where = JSON.stringify([goal, byDay, byCountry, only])
            assert.deepStrictEqual(numbersIn(item), numbersOf(counted, goal, person), where)
            const days = result.buckets.map((_, index) =>
              counted.filter((event) => bucketOf(zone, "day", event.time) === daysAfter(range.from, index))
            )
            if (byDay)
              assert.deepStrictEqual(
                item.series,
                days.map((own) => numbersOf(own, goal, person)),
                where
              )
            const groups = byCountry ? Map.groupBy(counted, country) : new Map<string | null, typeof counted>()
            assert.deepStrictEqual(
              new Map(item.rows.map((row) => [row.dimension_value, numbersIn(row)])),
              new Map([...groups].map(([value, own]) => [value, numbersOf(own, goal, person)])),
              where
            )
          }
        }
        yield* agreesElsewhere(workspace, range, zone, made.map(isConversion), all.filter(inRange), person)
      })
    )
  }

  /** Goals say the same as metrics, filters and selections of other questions. */
  const agreesElsewhere = Effect.fnUntraced(function* (
    workspace: WorkspaceId,
    date_range: { readonly from: string; readonly to: string },
    time_zone: string,
    conversions: ReadonlyArray<(event: Parameters<ReturnType<typeof isConversion>>[0]) => boolean>,
    counted: ReadonlyArray<Parameters<ReturnType<typeof isConversion>>[0]>,
    person: (event: Parameters<ReturnType<typeof isConversion>>[0]) => string
  ) {
    const first = counted.filter(conversions[0]!)
    const second = counted.filter((event) => conversions[0]!(event) && !conversions[1]!(event))
    const converters = new Set(first.map(person)).size
    const base = { date_range, time_zone }
    const { totals } = yield* askQuestion(workspace, {
      ...base,
      metrics: ["conversions:goal-0", "converters:goal-0", "events", "conversion_rate:goal-0"]
    })
    const visitors = new Set(counted.map(person)).size
    assert.deepStrictEqual(totals, {
      "conversions:goal-0": first.length,
      "converters:goal-0": converters,
      events: counted.length,
      "conversion_rate:goal-0": visitors === 0 ? null : Number((converters / visitors).toPrecision(12))
    })
    const bySession = yield* askQuestion(workspace, { ...base, metrics: ["conversion_rate:goal-0", "sessions"] })
    assert.strictEqual(bySession.totals["conversion_rate:goal-0"], totals["conversion_rate:goal-0"])
    const filtered = yield* askQuestion(workspace, {
      ...base,
      metrics: ["events", "people"],
      goal: "goal-0",
      filters: { goal: "goal-1", operator: "is_not" }
    })
    assert.deepStrictEqual(filtered.totals, { events: second.length, people: new Set(second.map(person)).size })
    const funnel = yield* askFunnel(workspace, { ...base, steps: [{ goal: "goal-0" }, { goal: "goal-1" }] })
    assert.deepStrictEqual([funnel.steps[0]!.name, funnel.steps[0]!.people], ["Goal 0", converters])
    const { cohorts } = yield* askRetention(workspace, {
      ...base,
      start: { goal: "goal-0" },
      return: { goal: "goal-0" },
      cohorts: "recurring",
      periods: 1
    })
    assert.deepStrictEqual(
      cohorts.map(({ people }) => people),
      cohorts.map((_, index) => {
        const own = first.filter(
          (event) => bucketOf(time_zone, "day", event.time) === daysAfter(date_range.from, index)
        )
        return new Set(own.map(person)).size
      })
    )
  })

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const goals = fc.array(newGoal, { minLength: 2, maxLength: 4 })
    const questions = fc.array(question, { minLength: 2, maxLength: 2 })
    await fc.assert(fc.asyncProperty(history("history"), goals, questions, answersLikeReference), { numRuns: runs })
  })

  it("answers no goals, and goals of an empty workspace", async () => {
    const date_range = { from: "2026-03-01", to: "2026-03-02" }
    const workspace = WorkspaceId.make("empty")
    const [none, some] = await runtime.runPromise(
      Effect.gen(function* () {
        const before = yield* askGoals(workspace, { date_range })
        yield* storeGoals(workspace, [{ on: { page: "/" } }])
        return [before, yield* askGoals(workspace, { date_range })] as const
      })
    )
    assert.deepStrictEqual(none.items, [])
    assert.deepInclude(some.items[0], { visitors: 0, converters: 0, rate: null, rate_interval: null })
    assert.notStrictEqual(none.watermark, some.watermark)
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askGoals(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-02", to: "2026-01-01" },
          dimension: "contry",
          filters: { goal: "gone", operator: "was" }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/date_range", "reversed_range"],
        ["/dimension", "unknown_dimension"],
        ["/filters/goal", "unknown_goal"],
        ["/filters/operator", "unknown_operator"]
      ]
    )
  })
})

describe("the reference's patterns", () => {
  it("keep one star within a segment", () => {
    assert.isTrue(fitsPattern("/blog/*", "/blog/a"))
    assert.isFalse(fitsPattern("/blog/*", "/blog/a/b"))
    assert.isTrue(fitsPattern("/blog/**", "/blog/a/b"))
    assert.isTrue(fitsPattern("**/thanks", "/de/shop/thanks"))
    assert.isFalse(fitsPattern("/blog/*", "/blog"))
  })
})
