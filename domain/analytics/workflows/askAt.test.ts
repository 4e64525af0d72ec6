import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { ratesOf } from "../../../adapters/bundled/ExchangeRates.ts"
import type { AnyQuestion } from "../../../ports/analytics/AnyQuestion.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { storeCohorts } from "../testing/cohorts.ts"
import { history, rangeDays } from "../testing/histories.ts"
import type { History } from "../testing/histories.ts"
import { questionWorld } from "../testing/questionWorld.ts"
import { askAny } from "./askAny.ts"
import { askAt } from "./askAt.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)

/** One of each kind, with what reads other tables: traits, cohorts, sessions, money, links. */
const questionsOf = ({ day, zone }: History): ReadonlyArray<AnyQuestion> => {
  const date_range = { from: day, to: formatDay(addDays(parseDay(day)!, rangeDays - 1)) }
  const common = { date_range, time_zone: zone }
  const pages = { event_types: ["page_view"] }
  const orders = { event_types: ["order_completed"] }
  const inBuyers = { cohort: "buyers", operator: "is_member" } as const
  return [
    {
      kind: "trend",
      ...common,
      interval: "day",
      metrics: ["events", "people", "sessions", "revenue", "orders"],
      dimensions: ["country"],
      currency: "EUR",
      compare: "previous_period"
    },
    { kind: "trend", ...common, metrics: ["people"], event_types: ["never_seen"], filters: inBuyers },
    { kind: "funnel", ...common, steps: [pages, orders] },
    { kind: "retention", ...common, interval: "day", periods: 3, start: pages, return: {} },
    { kind: "sessions", ...common, dimension: "country", compare: "previous_period" },
    { kind: "attribution", ...common, model: "linear", currency: "EUR" },
    { kind: "ltv", ...common, interval: "month", currency: "EUR" },
    { kind: "paths", ...common },
    { kind: "stickiness", ...common },
    { kind: "lifecycle", ...common, interval: "day" }
  ] as ReadonlyArray<AnyQuestion>
}

describe("askAt", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersAll = (workspace: WorkspaceId, of: History) =>
    Effect.forEach(questionsOf(of), (question) => askAny(workspace, question))

  const givesTheSameBytes = async (drawn: History, cuts: readonly [number, number]) => {
    number += 1
    const workspace = WorkspaceId.make(`past-${number}`)
    const lines = drawn.log.map((event) => JSON.stringify({ ...event, workspace }))
    const [first, second] = cuts.map((cut) => Math.trunc(cut * lines.length)).toSorted((a, b) => a - b) as [
      number,
      number
    ]
    const merges = [...drawn.merges].map(([from, into]) => ({ from, into }))
    const insert = (part: number, from: number, to: number) =>
      Effect.flatMap(EventStore, (store) =>
        store.insert({ partition: String(workspace), through: String(part), lines: lines.slice(from, to) })
      )
    const setMerges = (of: typeof merges) => Effect.flatMap(EventStore, (store) => store.setMerges(workspace, of))
    await runtime.runPromise(
      Effect.gen(function* () {
        yield* storeCohorts(workspace)
        const seen = []
        for (const change of [
          insert(1, 0, first),
          setMerges(merges.slice(0, 1)),
          insert(2, first, second),
          setMerges(merges),
          insert(3, second, lines.length),
          setMerges([])
        ]) {
          yield* change
          seen.push(yield* answersAll(workspace, drawn))
        }
        for (const answers of seen) {
          for (const [index, answer] of answers.entries()) {
            const question = questionsOf(drawn)[index]!
            const ask = askAny(workspace, question)
            const again = yield* askAt(workspace, answer.result.watermark, ask, ({ result }) => result.watermark)
            assert.strictEqual(JSON.stringify(again), JSON.stringify(answer), question.kind)
          }
        }
        const { watermark } = seen[0]![0]!.result
        yield* Effect.flatMap(EventStore, (store) => store.erase(workspace, ["u"], 1))
        const gone = yield* Effect.flip(
          askAt(workspace, watermark, answersAll(workspace, drawn), ([answer]) => answer!.result.watermark)
        )
        assert.deepInclude(gone, { _tag: "Refused", kind: "gone" })
      })
    )
  }

  it(
    "answers any kind of question with the bytes that it had at the watermark, whatever came, linked or merged since",
    { timeout: 20_000 + runs * 4000 },
    () =>
      fc.assert(
        fc.asyncProperty(
          history("past"),
          fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
          givesTheSameBytes
        ),
        { numRuns: Math.ceil(runs / 3) }
      )
  )

  it("converts by the rates that were known then, and refuses where one of them was set right since", async () => {
    const workspace = WorkspaceId.make("rates")
    const day = (number: number) => `2026-03-0${number}`
    const fileOf = (...rates: ReadonlyArray<string>) =>
      ["Date, USD, ", ...rates.map((rate, at) => `${day(2 + at)},${rate},`).toReversed()].join("\n")
    const order = (number: number) => ({
      v: 1,
      event_id: `00000000-0000-4000-8000-00000000000${number}`,
      workspace,
      event_type: "order_completed",
      anonymous_id: "phone",
      time: Date.parse(`${day(number)}T12:00:00Z`),
      received_at: 1_800_000_000_000_000,
      index: 0,
      timestamp: 0,
      money: { kind: "order", order_id: String(number), minor: 100, currency: "EUR" },
      properties: {}
    })
    const date_range = { from: day(1), to: day(9) }
    const question = { kind: "trend", date_range, metrics: ["revenue"], currency: "USD", interval: "day" } as const
    const ask = (rates: string, watermark?: string) =>
      askAt(workspace, watermark, askAny(workspace, question), ({ result }) => result.watermark).pipe(
        Effect.provideService(ExchangeRates, ratesOf(rates))
      )
    await runtime.runPromise(
      Effect.gen(function* () {
        const lines = [2, 3, 4, 5].map((number) => JSON.stringify(order(number)))
        const store = yield* EventStore
        yield* store.insert({ partition: "rates", through: "1", lines })
        const before = yield* ask(fileOf("1.1", "1.2"))
        const after = yield* ask(fileOf("1.1", "1.2", "1.3"))
        assert.notStrictEqual(JSON.stringify(after), JSON.stringify(before))
        const { watermark } = before.result
        const again = yield* ask(fileOf("1.1", "1.2", "1.3", "1.4"), watermark)
        assert.strictEqual(JSON.stringify(again), JSON.stringify(before))
        const refused = yield* Effect.flip(ask(fileOf("1.1", "1.25", "1.3"), watermark))
        assert.deepInclude(refused, { _tag: "Refused", kind: "gone" })
      })
    )
  })

  it("refuses a watermark of settings that are not kept, and one that nobody issued", async () => {
    const workspace = WorkspaceId.make("settings")
    const question = {
      kind: "trend",
      date_range: { from: "2026-01-01", to: "2026-01-02" },
      metrics: ["events"]
    } as const
    const settings = { ...settingsInitial, week_start: 2 }
    const other = ManagedRuntime.make(questionWorld(settings))
    const ask = (watermark?: string) =>
      other.runPromise(
        Effect.result(askAt(workspace, watermark, askAny(workspace, question), ({ result }) => result.watermark))
      )
    const before = await ask()
    assert(before._tag === "Success")
    const { watermark } = before.success.result
    assert.deepStrictEqual(await ask(watermark), before)
    Object.assign(settings, { week_start: 3 })
    const refusals = [await ask(watermark), await ask("made-up")].map((each) =>
      each._tag === "Failure" && each.failure._tag === "Refused" ? [each.failure.kind, each.failure.errors] : each
    )
    assert.deepStrictEqual(
      refusals.map((each) =>
        Array.isArray(each) ? [each[0], (each[1] as ReadonlyArray<{ code: string }>)[0]?.code] : each
      ),
      [
        ["gone", "definitions_changed"],
        ["bad-request", "not_issued"]
      ]
    )
  })
})
