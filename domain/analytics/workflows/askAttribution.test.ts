import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { AttributionQuestion, AttributionResult } from "../../../ports/analytics/AttributionQuestion.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { attributed } from "../testing/attributionReference.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import type { Event } from "../testing/reference.ts"
import { converted } from "../testing/referenceAnswer.ts"
import { matcher, selection } from "../testing/selections.ts"
import { ownDomain, visitHistory } from "../testing/visitHistories.ts"
import { askAttribution } from "./askAttribution.ts"
import { askQuestion } from "./askQuestion.ts"

const runs = Number(process.env["HISTORIES"] ?? 40)
const dayMillis = 86_400_000
const limits = { idleMillis: 1_800_000, maximumMillis: 86_400_000 }

const asked = fc.record({
  dimension: fc.constantFrom("source" as const, "medium" as const, "campaign" as const, "landing_page" as const),
  direct: fc.constantFrom("last_resort" as const, "equal" as const),
  look_back_days: fc.constantFrom(1, 2, 30),
  half_life_days: fc.constantFrom(1, 7),
  own: fc.option(selection, { nil: undefined })
})

/** Minor units, or whole conversions, of each row. */
const unitsOf = (rows: AttributionResult["models"][number]["rows"], counted: boolean) =>
  new Map(
    rows.map(({ conversions, credit, unattributed, value }) => [
      unattributed === true ? "unattributed" : `value ${value}`,
      counted ? BigInt(Math.round(conversions * 1_000_000)) : BigInt(credit!.replace(".", ""))
    ])
  )

describe("askAttribution", () => {
  const runtime = ManagedRuntime.make(
    questionWorld({ ...settingsInitial, ingest: { ...settingsInitial.ingest, own_domains: [ownDomain] } })
  )
  let number = 0

  const answersLikeReference = async (
    generated: GeneratedHistory,
    { own, ...settings }: typeof asked extends fc.Arbitrary<infer A> ? A : never
  ) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const rates = yield* ExchangeRates
        const { all, belongs, inRange, range, workspace } = yield* storeHistory(`attribution-${number}`, generated)
        const question: AttributionQuestion = {
          ...settings,
          date_range: range,
          time_zone: zone,
          ...(own === undefined ? { currency: "USD" } : { conversion: own })
        }
        const result = yield* askAttribution(workspace, question)
        for (const { model, rows } of result.models) {
          const { conversions, credits, people } = attributed(
            all,
            {
              limits,
              ownDomain,
              lookBackMillis: settings.look_back_days * dayMillis,
              halfLifeMillis: settings.half_life_days * dayMillis,
              keepDirect: settings.direct === "equal",
              dimension: settings.dimension,
              selection: own === undefined ? undefined : matcher(own, belongs),
              inRange,
              worth: (event) =>
                own === undefined ? ((event.money && converted(event, "USD", rates)) ?? 0n) : 1_000_000n
            },
            model,
            merges
          )
          assert.strictEqual(result.conversions, conversions)
          assert.strictEqual(result.people, people.get("all")?.size ?? 0)
          for (const row of rows) {
            const key = row.unattributed === true ? "unattributed" : `value ${row.value}`
            assert.strictEqual(row.people, people.get(key)?.size ?? 0, `${model} ${key} ${JSON.stringify(question)}`)
          }
          const found = unitsOf(rows, own !== undefined)
          for (const key of new Set([...credits.keys(), ...found.keys()]))
            assert.strictEqual(
              found.get(key) ?? 0n,
              credits.get(key) ?? 0n,
              `${model} ${key} ${JSON.stringify(question)}`
            )
        }
        if (own !== undefined) return
        const trend = yield* askQuestion(workspace, {
          date_range: range,
          time_zone: zone,
          currency: "USD",
          metrics: ["revenue", "orders"]
        })
        assert.deepStrictEqual({ revenue: result.credit, orders: result.conversions }, { ...trend.totals })
      })
    )
  }

  it(
    `answers like the reference on ${runs} generated histories, and adds up to the revenue`,
    {
      timeout: 240_000
    },
    async () => {
      await fc.assert(fc.asyncProperty(visitHistory("history"), asked, answersLikeReference), { numRuns: runs })
    }
  )

  let event = 0
  const seen = (day: number, more: Partial<Event> = {}): Event => {
    event += 1
    const time = Date.parse("2026-03-01T12:00:00Z") + day * dayMillis
    return {
      v: 1,
      event_id: crypto.randomUUID(),
      workspace: "any",
      event_type: "page_view",
      anonymous_id: "a",
      session_id: `s${event}`,
      time,
      received_at: Date.parse("2026-05-01T12:00:00Z") * 1000 + event,
      index: 0,
      timestamp: time,
      properties: {},
      ...more
    }
  }
  const from = (source: string) => ({ campaign: { source } })
  const order = (day: number, minor: number, more: Partial<Event> = {}) =>
    seen(day, {
      event_type: "order_completed",
      money: { kind: "order", order_id: `o${day}`, minor, currency: "USD" },
      ...more
    })
  const refund = (day: number, of: number, minor: number) =>
    seen(day, {
      event_type: "order_refunded",
      money: { kind: "refund", order_id: `o${of}`, refund_id: `r${day}`, minor, currency: "USD" }
    })
  const ask = (log: ReadonlyArray<Event>, question: Partial<AttributionQuestion> = {}) => {
    number += 1
    const generated = { day: "2026-03-01", zone: "UTC", log, merges: new Map<string, string>() }
    return runtime.runPromise(
      Effect.flatMap(storeHistory(`fixed-${number}`, generated), ({ workspace }) =>
        askAttribution(workspace, {
          date_range: { from: "2026-03-01", to: "2026-05-01" },
          dimension: "source",
          ...question
        })
      )
    )
  }
  const creditsOf = (result: AttributionResult, model: string) =>
    Object.fromEntries(
      result.models
        .find((each) => each.model === model)!
        .rows.map(({ credit, unattributed, value }) => [unattributed === true ? "-" : String(value), credit])
    )

  it("divides $12,000 on day 38 among touches before the report's range as published", async () => {
    const touches = [0, 5, 12, 30, 38].map((day) => seen(day, from(`day ${day}`)))
    const result = await ask([...touches, order(38, 1_200_000)], {
      date_range: { from: "2026-04-08", to: "2026-04-08" },
      look_back_days: 60
    })
    assert.deepStrictEqual(creditsOf(result, "time_decay"), {
      "day 0": "175.19",
      "day 5": "287.44",
      "day 12": "574.88",
      "day 30": "3417.04",
      "day 38": "7545.45",
      "-": "0.00"
    })
    assert.strictEqual(result.credit, "12000.00")
    assert.strictEqual(creditsOf(result, "first_touch")["day 0"], "12000.00")
    assert.strictEqual(creditsOf(result, "last_touch")["day 38"], "12000.00")
  })

  it("lets one session be one touch, clicks in mails too, and direct visits count where nothing else does", async () => {
    const log = [
      seen(1, { session_id: "one", ...from("news") }),
      seen(1, { session_id: "one", ...from("ads") }),
      seen(2, { event_type: "email_clicked" }),
      seen(3),
      order(4, 900),
      seen(4, { anonymous_id: "b" }),
      order(5, 500, { anonymous_id: "b" }),
      order(6, 100, { anonymous_id: "c" })
    ]
    const usual = await ask(log)
    assert.deepStrictEqual(creditsOf(usual, "linear"), { direct: "5.00", email: "4.50", news: "4.50", "-": "1.00" })
    const equal = await ask(log, { direct: "equal" })
    assert.deepStrictEqual(creditsOf(equal, "linear"), { direct: "8.00", email: "3.00", news: "3.00", "-": "1.00" })
    const channels = await ask(log, { dimension: "channel" })
    assert.deepStrictEqual(creditsOf(channels, "last_touch"), {
      campaign: "0.00",
      direct: "5.00",
      email: "9.00",
      "-": "1.00"
    })
  })

  it("takes a refund back on its own day from those whom the order gave to, and leaves the order's range alone", async () => {
    const log = [seen(0, from("a")), seen(1, from("b")), seen(2, from("c")), order(3, 1000), refund(40, 3, 500)]
    const before = await ask(log, { date_range: { from: "2026-03-01", to: "2026-03-31" } })
    assert.deepStrictEqual(creditsOf(before, "linear"), { a: "3.34", b: "3.33", c: "3.33", "-": "0.00" })
    const after = await ask(log, { date_range: { from: "2026-04-01", to: "2026-05-01" } })
    assert.deepStrictEqual(creditsOf(after, "linear"), { a: "-1.67", b: "-1.67", c: "-1.66", "-": "0.00" })
    assert.deepStrictEqual([after.credit, after.conversions], ["-5.00", 0])
  })

  it("values conversions of one's own by a property, in decimals that add up", async () => {
    const log = [
      seen(0, from("a")),
      seen(1, from("b")),
      seen(2, from("c")),
      seen(3, { event_type: "lead_won", properties: { score: 1 } }),
      seen(3, { event_type: "lead_won", properties: { score: "much" } })
    ]
    const result = await ask(log, {
      conversion: { event_types: ["lead_won"], property: "score" },
      models: ["linear"]
    })
    assert.deepStrictEqual(creditsOf(result, "linear"), {
      a: "0.333333334",
      b: "0.333333333",
      c: "0.333333333",
      "-": "0"
    })
    assert.deepStrictEqual([result.credit, result.currency, result.conversions], ["1", null, 2])
    assert.deepStrictEqual(
      result.models[0]!.rows.map(({ conversions }) => conversions),
      [0.666668, 0.666666, 0.666666, 0]
    )
  })

  it("answers nothing for nothing, and names every wrong field", async () => {
    const nothing = await ask([])
    assert.deepStrictEqual([nothing.credit, nothing.conversions, nothing.models.length], ["0.00", 0, 5])
    assert.isTrue(nothing.models.every(({ rows }) => rows.length === 1 && rows[0]!.share === null))
    const failure = await runtime.runPromise(
      Effect.flip(
        askAttribution(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-03-02", to: "2026-03-01" },
          look_back_days: 366,
          half_life_days: 0,
          models: ["linear", "linear"],
          currency: "XXX",
          filters: { dimension: "contry", operator: "is", value: "DE" }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/date_range", "reversed_range"],
        ["/look_back_days", "out_of_range"],
        ["/half_life_days", "out_of_range"],
        ["/models/1", "duplicate_model"],
        ["/currency", "unknown_currency"],
        ["/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
