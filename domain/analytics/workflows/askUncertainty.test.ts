import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { Question } from "../../../ports/analytics/Question.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { history } from "../testing/histories.ts"
import { questionAbout } from "../testing/questions.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { Event } from "../testing/reference.ts"
import { askAttribution } from "./askAttribution.ts"
import { askLifetime } from "./askLifetime.ts"
import { askQuestion } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"

const runs = Number(process.env["HISTORIES"] ?? 6)
const dayMillis = 86_400_000
const start = Date.parse("2026-03-01T12:00:00Z")

interface Made {
  readonly person: number
  readonly minor: number
  readonly day?: number
  readonly country?: string
  readonly refund?: number
}

const orderOf = (workspace: string, { country = "DE", day = 0, minor, person, refund }: Made, at: number): Event => ({
  v: 1,
  event_id: `00000000-0000-4000-8000-${at.toString(16).padStart(12, "0")}`,
  workspace,
  event_type: refund === undefined ? "order_completed" : "order_refunded",
  anonymous_id: `device ${person}`,
  user_id: `user ${person}`,
  time: start + day * dayMillis + at,
  received_at: (start + 10 * dayMillis) * 1000,
  index: 0,
  timestamp: start,
  geo: { country },
  money:
    refund === undefined
      ? { kind: "order", order_id: `order ${at}`, minor, currency: "EUR" }
      : { kind: "refund", order_id: `order ${refund}`, refund_id: `refund ${at}`, minor, currency: "EUR" },
  properties: {}
})

type Interval = readonly [number | string, number | string] | null | undefined
const ends = (interval: Interval): readonly [number, number] => [Number(interval![0]), Number(interval![1])]
const closeTo = (interval: Interval, middle: number, spread: number) => {
  const [low, high] = ends(interval)
  assert.closeTo(low, middle - spread, spread * 0.25)
  assert.closeTo(high, middle + spread, spread * 0.25)
}

/** The answer without what `uncertainty` adds to it. */
const withoutIntervals = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutIntervals)
  if (typeof value !== "object" || value === null) return value
  const kept = Object.entries(value).filter(
    ([key]) => !["intervals", "mean_intervals", "series_intervals", "small", "query_hash"].includes(key)
  )
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutIntervals(each)]))
}

describe("uncertainty", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  const ask = (workspace: string, question: Question) =>
    runtime.runPromise(askQuestion(WorkspaceId.make(workspace), question))
  const keep = (workspace: string, made: ReadonlyArray<Made>) =>
    runtime.runPromise(
      storeHistory(workspace, {
        day: "2026-03-01",
        zone: "UTC",
        merges: new Map(),
        log: made.map((each, at) => orderOf(workspace, each, at))
      })
    )
  const question: Question = {
    date_range: { from: "2026-03-01", to: "2026-03-03" },
    time_zone: "UTC",
    currency: "EUR",
    metrics: ["revenue", "orders", "average_order_value"],
    uncertainty: true
  }

  it("of revenue is that of people, each with all their orders: twice the orders of as many people, twice the width", async () => {
    const people = Array.from({ length: 400 }, (_, person) => ({ person, minor: 1000 + ((person * 7919) % 9000) }))
    await keep("once", people)
    await keep("twice", [...people, ...people.map((each) => ({ ...each, day: 1 }))])
    const once = await ask("once", question)
    const values = people.map(({ minor }) => minor / 100)
    const sum = values.reduce((total, value) => total + value, 0)
    const spread = 1.96 * Math.sqrt(values.reduce((total, value) => total + value * value, 0))
    closeTo(once.intervals!["revenue"], sum, spread)
    closeTo(once.intervals!["orders"], 400, 1.96 * 20)
    const mean = sum / 400
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0))
    closeTo(once.intervals!["average_order_value"], mean, (1.96 * deviation) / 400)
    const twice = await ask("twice", question)
    closeTo(twice.intervals!["revenue"], 2 * sum, 2 * spread)
    closeTo(twice.intervals!["average_order_value"], mean, (1.96 * deviation) / 400)
    assert.isFalse(once.small)
  })

  it("is shown of each value, of what is behind the top and of each bucket, small groups marked", async () => {
    await keep("parts", [
      ...Array.from({ length: 60 }, (_, person) => ({ person, minor: 5000, country: "DE" })),
      ...Array.from({ length: 10 }, (_, person) => ({ person: 100 + person, minor: 2000, day: 1, country: "FR" })),
      { person: 200, minor: 700, day: 1, country: "US" },
      { person: 200, minor: 300, day: 2, country: "US", refund: 70 }
    ])
    const result = await ask("parts", {
      ...question,
      interval: "day",
      dimensions: ["country"],
      pagination: { limit: 2 }
    })
    assert.deepStrictEqual(
      result.rows.map(({ other, small, values }) => [values[0] ?? other, small]),
      [
        ["DE", false],
        ["FR", true],
        [true, true]
      ]
    )
    const [germany, france, other] = result.rows
    // Whoever ordered in Germany did so on the first day, and nobody else.
    assert.deepStrictEqual(germany!.series_intervals![0], germany!.intervals)
    assert.deepStrictEqual(result.series_intervals![0], germany!.intervals)
    assert.deepStrictEqual(france!.series_intervals![1], france!.intervals)
    assert.deepStrictEqual(france!.series_intervals![0], {
      revenue: ["0.00", "0.00"],
      orders: [0, 0],
      average_order_value: null
    })
    closeTo(germany!.intervals!["revenue"], 3000, 50 * 1.96 * Math.sqrt(60))
    // One person: none to three or more times 7.00 less 3.00; what is an order's value does not depend on how often.
    assert.deepStrictEqual(ends(other!.intervals!["average_order_value"]), [7, 7])
    assert.strictEqual(ends(other!.intervals!["revenue"])[0], 0)
    assert.isAtLeast(ends(other!.intervals!["revenue"])[1], 8)
    assert.deepStrictEqual(Object.keys(result.totals), question.metrics)
  })

  it("of lifetime value is that of a cohort's customers, each period with all before it", async () => {
    const customers = Array.from({ length: 300 }, (_, person) => ({ person, minor: 1000 + ((person * 7919) % 9000) }))
    await keep("customers", [
      ...customers,
      ...customers.filter(({ person }) => person % 3 === 0).map((each) => ({ ...each, day: 8 })),
      { person: 900, minor: 5000, day: 8 },
      { person: 900, minor: 5000, day: 9, refund: 400 }
    ])
    const asked = {
      date_range: { from: "2026-02-23", to: "2026-03-15" },
      time_zone: "UTC",
      currency: "EUR",
      interval: "week" as const,
      periods: 2,
      predict: false
    }
    const lifetime = (uncertainty: boolean) =>
      runtime.runPromise(askLifetime(WorkspaceId.make("customers"), { ...asked, uncertainty }))
    const result = await lifetime(true)
    assert.strictEqual(JSON.stringify(await lifetime(true)), JSON.stringify(result))
    const bare = result.cohorts.map(({ periods, ...cohort }) => ({
      ...cohort,
      periods: periods.map((period) =>
        Object.fromEntries(Object.entries(period).filter(([name]) => name !== "intervals"))
      )
    }))
    assert.deepStrictEqual<unknown>(bare, (await lifetime(false)).cohorts)
    const [first, second, third] = result.cohorts
    const brought = (later: boolean) =>
      customers.map(({ minor, person }) => (minor * (later && person % 3 === 0 ? 2 : 1)) / 100)
    for (const [period, values] of [
      [0, brought(false)],
      [2, brought(true)]
    ] as const) {
      const { intervals } = first!.periods[period]!
      const sum = values.reduce((total, value) => total + value, 0)
      const mean = sum / values.length
      closeTo(intervals!.value, sum, 1.96 * Math.sqrt(values.reduce((total, value) => total + value * value, 0)))
      const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0))
      closeTo(intervals!.value_per_customer, mean, (1.96 * deviation) / values.length)
    }
    // One customer, who got all back.
    assert.deepStrictEqual(third!.periods[0]!.intervals, { value: ["0.00", "0.00"], value_per_customer: [0, 0] })
    assert.isTrue(third!.small)
    assert.deepStrictEqual(second!.periods[0]!.intervals, { value: ["0.00", "0.00"], value_per_customer: null })
  })

  it("of sums and averages of a property is that of the people who have it, beside orders and without them", async () => {
    const rated = Array.from({ length: 400 }, (_, person) => 1 + ((person * 7919) % 90) / 10)
    const log = rated.flatMap((stars, person): ReadonlyArray<Event> => {
      const order = orderOf("rated", { person, minor: 1000, country: person < 300 ? "DE" : "FR" }, 2 * person)
      const { money: _, ...rest } = order
      const rating = { ...rest, event_type: "rated", properties: { stars } }
      const bare = { ...rest, event_type: "page_view" }
      const id = (at: number) => `00000000-0000-4000-a000-${at.toString(16).padStart(12, "0")}`
      return [
        order,
        { ...rating, event_id: id(4 * person) },
        { ...rating, event_id: id(4 * person + 1) },
        { ...bare, event_id: id(4 * person + 2) }
      ]
    })
    await runtime.runPromise(storeHistory("rated", { day: "2026-03-01", zone: "UTC", merges: new Map(), log }))
    const metrics = ["sum:stars", "orders", "average:stars"]
    const asked = { ...question, metrics, dimensions: ["country"], interval: "day" as const }
    const result = await ask("rated", asked)
    const spreads = (values: ReadonlyArray<number>) => {
      const sum = values.reduce((total, value) => total + value, 0)
      const mean = sum / values.length
      const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0))
      const norm = Math.sqrt(values.reduce((total, value) => total + value ** 2, 0))
      return { sum: 2 * sum, sumSpread: 2 * 1.96 * norm, mean, meanSpread: (1.96 * deviation) / values.length }
    }
    const check = (intervals: NonNullable<typeof result.intervals>, values: ReadonlyArray<number>) => {
      const { mean, meanSpread, sum, sumSpread } = spreads(values)
      closeTo(intervals["sum:stars"], sum, sumSpread)
      closeTo(intervals["average:stars"], mean, meanSpread)
      closeTo(intervals["orders"], values.length, 1.96 * Math.sqrt(values.length))
    }
    check(result.intervals!, rated)
    check(result.rows[0]!.intervals!, rated.slice(0, 300))
    assert.deepStrictEqual(result.rows[1]!.series_intervals![0], result.rows[1]!.intervals)
    const alone = await ask("rated", { ...question, metrics: ["average:stars"] })
    closeTo(alone.intervals!["average:stars"], spreads(rated).mean, spreads(rated).meanSpread)
    assert.isFalse(alone.small)
    // Views have no stars: whoever only looks is nobody here.
    const none = await ask("rated", { ...question, metrics: ["average:stars"], event_types: ["page_view"] })
    assert.deepStrictEqual([none.intervals, none.small], [{ "average:stars": null }, true])
  })

  it("of mean retention is that of everybody in complete cohorts, or of the cohorts' own rates", async () => {
    const people = [
      ...Array.from({ length: 300 }, (_, person) => ({ person, day: 0, back: person < 60 })),
      ...Array.from({ length: 100 }, (_, person) => ({ person: 300 + person, day: 1, back: person < 60 }))
    ]
    const log = people.flatMap(({ back, day, person }): ReadonlyArray<Event> => {
      const { money: _, ...first } = orderOf("returning", { person, minor: 0, day }, 2 * person)
      const view = { ...first, event_type: "page_view" }
      const event_id = first.event_id.replace("-8000-", "-9000-")
      return back ? [view, { ...view, event_id, time: view.time + dayMillis }] : [view]
    })
    await runtime.runPromise(storeHistory("returning", { day: "2026-03-01", zone: "UTC", merges: new Map(), log }))
    const retention = (mean: "weighted" | "simple", uncertainty: boolean) =>
      runtime.runPromise(
        askRetention(WorkspaceId.make("returning"), {
          date_range: { from: "2026-03-01", to: "2026-03-02" },
          time_zone: "UTC",
          periods: 1,
          mean,
          uncertainty
        })
      )
    const variance = (rate: number, count: number) => (rate * (1 - rate)) / count
    const weighted = await retention("weighted", true)
    assert.strictEqual(JSON.stringify(await retention("weighted", true)), JSON.stringify(weighted))
    assert.deepStrictEqual(withoutIntervals(weighted), withoutIntervals(await retention("weighted", false)))
    assert.deepStrictEqual(weighted.mean_intervals![0], [1, 1])
    closeTo(weighted.mean_intervals![1], 120 / 400, 1.96 * Math.sqrt(variance(0.3, 400)))
    const simple = await retention("simple", true)
    const spread = Math.sqrt(variance(0.2, 300) + variance(0.6, 100)) / 2
    closeTo(simple.mean_intervals![1], (0.2 + 0.6) / 2, 1.96 * spread)
    const empty = await runtime.runPromise(
      askRetention(WorkspaceId.make("nobody"), {
        date_range: { from: "2026-03-01", to: "2026-03-02" },
        periods: 1,
        uncertainty: true
      })
    )
    assert.deepStrictEqual(empty.mean_intervals, [null, null])
  })

  it("of credits is that of the people who converted, by value and model", async () => {
    const workspace = "credits"
    const made = Array.from({ length: 220 }, (_, person) => ({ person, minor: 1000 + ((person * 7919) % 9000) }))
    const orders = made.map((each, at) => orderOf(workspace, each, at))
    const visits = orders.slice(0, 200).map((order, at): Event => {
      const { money: _, ...rest } = order
      return {
        ...rest,
        event_id: `00000000-0000-4000-9000-${at.toString(16).padStart(12, "0")}`,
        event_type: "page_view",
        time: order.time - 60_000,
        campaign: { source: "news" }
      }
    })
    await runtime.runPromise(
      storeHistory(workspace, { day: "2026-03-01", zone: "UTC", merges: new Map(), log: [...visits, ...orders] })
    )
    const credits = (uncertainty: boolean) =>
      runtime.runPromise(
        askAttribution(WorkspaceId.make(workspace), {
          date_range: question.date_range,
          time_zone: "UTC",
          currency: "EUR",
          models: ["first_touch", "linear"],
          dimension: "source",
          uncertainty
        })
      )
    const result = await credits(true)
    assert.strictEqual(JSON.stringify(await credits(true)), JSON.stringify(result))
    assert.deepStrictEqual(withoutIntervals(result), withoutIntervals(await credits(false)))
    const [first, linear] = result.models
    assert.deepStrictEqual(first!.rows, linear!.rows)
    const [news, nobody] = first!.rows
    assert.deepStrictEqual([news!.value, news!.small, nobody!.unattributed, nobody!.small], ["news", false, true, true])
    const sums = (values: ReadonlyArray<{ readonly minor: number }>) => ({
      sum: values.reduce((total, { minor }) => total + minor / 100, 0),
      spread: 1.96 * Math.sqrt(values.reduce((total, { minor }) => total + (minor / 100) ** 2, 0))
    })
    const { spread, sum } = sums(made.slice(0, 200))
    closeTo(news!.intervals!.credit, sum, spread)
    closeTo(news!.intervals!.conversions, 200, 1.96 * Math.sqrt(200))
    const rest = sums(made.slice(200))
    // Share s of a whole: its variance is ((1 − s)² Σa² + s² Σb²) / whole².
    const share = sum / (sum + rest.sum)
    const shareSpread = Math.sqrt(((1 - share) * spread) ** 2 + (share * rest.spread) ** 2) / (sum + rest.sum)
    closeTo(news!.intervals!.share, share, shareSpread)
    closeTo(nobody!.intervals!.share, 1 - share, shareSpread)
  })

  it(
    `changes nothing else, and is the same at every try, on ${runs} generated histories`,
    { timeout: 240_000 },
    async () => {
      let number = 0
      const cases = history("history").chain((made) =>
        fc.record({ made: fc.constant(made), asked: questionAbout(made.day, made.zone) })
      )
      await fc.assert(
        fc.asyncProperty(cases, async ({ asked, made }) => {
          number += 1
          const workspace = `uncertain-${number}`
          await runtime.runPromise(storeHistory(workspace, made))
          const own = { ...asked, metrics: [...new Set([...asked.metrics, "revenue"])] }
          const plain = await ask(workspace, own)
          const first = await ask(workspace, { ...own, uncertainty: true })
          const again = await ask(workspace, { ...own, uncertainty: true })
          assert.strictEqual(JSON.stringify(again), JSON.stringify(first))
          assert.deepStrictEqual(withoutIntervals(first), withoutIntervals(plain))
          const range = { date_range: own.date_range, time_zone: made.zone, currency: "EUR" }
          const credits = (uncertainty: boolean) =>
            runtime.runPromise(askAttribution(WorkspaceId.make(workspace), { ...range, uncertainty }))
          assert.deepStrictEqual(withoutIntervals(await credits(true)), withoutIntervals(await credits(false)))
          for (const { intervals, metrics } of [{ intervals: first.intervals, metrics: first.totals }, ...first.rows]) {
            const [low, high] = ends(intervals!["revenue"])
            assert.isAtMost(low, high)
            if (Number(metrics["revenue"]) === 0) continue
            // A sum that is not nothing has people: few of them may be drawn never, or several times.
            assert.isTrue(low !== 0 || high !== 0)
          }
        }),
        { numRuns: runs }
      )
    }
  )

  it("is refused where nothing that is asked for has any", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(askQuestion(WorkspaceId.make("none"), { ...question, metrics: ["events"] }))
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [["/uncertainty", "nothing_uncertain"]]
    )
    const empty = await ask("empty", question)
    assert.deepStrictEqual(empty.intervals, { revenue: ["0.00", "0.00"], orders: [0, 0], average_order_value: null })
    assert.isTrue(empty.small)
  })
})
