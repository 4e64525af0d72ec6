import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as BundledRates from "../../../adapters/bundled/ExchangeRates.ts"
import * as DuckdbEventStore from "../../../adapters/duckdb/EventStore.ts"
import * as RootKeyFile from "../../../adapters/files/RootKeys.ts"
import * as SqliteSubjectKeys from "../../../adapters/sqlite/SubjectKeys.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { settingsInitial, SettingsSource } from "../../../ports/platform/Settings.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { formatMinorUnits } from "../../money/minorUnits.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { history, rangeDays } from "../testing/histories.ts"
import { bucketOf, count, withoutDuplicates } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { askQuestion } from "./askQuestion.ts"

const folder = mkdtempSync(join(tmpdir(), "questions-"))
const world = Layer.mergeAll(
  DuckdbEventStore.layer({ file: join(folder, "events.duckdb") }),
  BundledRates.layer,
  Layer.succeed(SettingsSource, { current: () => settingsInitial, load: () => Effect.void }),
  Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeyFile.layer({ file: join(folder, "root.key") })
  )
)
const metrics = ["events", "people", "sessions", "orders", "revenue", "sum:amount"]
const runs = Number(process.env["HISTORIES"] ?? 80)

/** Cents of US dollars, by the fraction of the day's two euro rates, half up: the reference's own arithmetic. */
const inDollars =
  (rates: ExchangeRates["Service"]) =>
  (event: Event): bigint => {
    const { currency, minor } = event.money!
    if (currency === "USD") return BigInt(minor)
    const day = new Date(event.time).toISOString().slice(0, 10)
    const [from, into] = [rates.euroRate(currency, day)!, rates.euroRate("USD", day)!]
    const cents = currency === "JPY" ? 100n : 1n
    const numerator = BigInt(minor) * cents * into.numerator * from.denominator
    const denominator = into.denominator * from.numerator
    const whole = numerator / denominator
    return 2n * (numerator - whole * denominator) >= denominator ? whole + 1n : whole
  }

describe("askQuestion", () => {
  const runtime = ManagedRuntime.make(world)
  let number = 0

  const answersLikeReference = async ({
    day,
    log,
    merges,
    zone
  }: {
    day: string
    log: ReadonlyArray<Event>
    merges: ReadonlyMap<string, string>
    zone: string
  }) => {
    number += 1
    const workspace = WorkspaceId.make(`history-${number}`)
    const lines = log.map((event) => ({ ...event, workspace }))
    await runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        const rates = yield* ExchangeRates
        for (let at = 0; at < lines.length; at += 15) {
          const texts = lines.slice(at, at + 15).map((line) => JSON.stringify(line))
          yield* store.insert({ partition: workspace, through: String(at), lines: texts })
        }
        yield* store.setMerges(
          workspace,
          [...merges].map(([from, into]) => ({ from, into }))
        )
        const all = withoutDuplicates(lines)
        const last = formatDay(addDays(parseDay(day)!, rangeDays - 1))
        const inRange = (event: Event) => {
          const own = bucketOf(zone, "day", event.time)
          return own >= day && own <= last
        }
        for (const interval of ["hour", "day"] as const) {
          const result = yield* askQuestion(workspace, {
            date_range: { from: day, to: last },
            interval,
            metrics,
            dimensions: ["country"],
            time_zone: zone,
            currency: "USD"
          })
          const expected = (matches: (event: Event) => boolean) => {
            const counts = count(all, (event) => inRange(event) && matches(event), inDollars(rates), merges)
            const { revenue, sum, ...rest } = counts
            return { ...rest, revenue: formatMinorUnits(revenue, 2), "sum:amount": sum }
          }
          assert.deepStrictEqual(
            result.totals,
            expected(() => true)
          )
          for (const [index, start] of result.buckets.entries()) {
            const bucket = bucketOf(zone, interval, Date.parse(start))
            assert.deepStrictEqual(
              result.series![index],
              expected((event) => bucketOf(zone, interval, event.time) === bucket),
              start
            )
          }
          const countries = new Set(all.filter(inRange).map((event) => event.geo?.country ?? null))
          assert.deepStrictEqual(new Set(result.rows.map((row) => row.values[0])), countries)
          for (const row of result.rows) {
            assert.deepStrictEqual(
              row.metrics,
              expected((event) => (event.geo?.country ?? null) === row.values[0])
            )
          }
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(history("history"), answersLikeReference), { numRuns: runs })
  })

  it("names every wrong field with the nearest known name", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askQuestion(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-02-30", to: "yesterday" },
          metrics: ["evnts", "sum:"],
          dimensions: ["contry", "property:email"],
          filters: {
            and: [
              { dimension: "path", operator: "iss", value: "/" },
              { dimension: "property:email", operator: "contains", value: "@" }
            ]
          },
          time_zone: "Mars/Olympus",
          currency: "XXX"
        })
      )
    )
    assert.strictEqual(failure._tag, "InvalidQuestion")
    const errors = failure._tag === "InvalidQuestion" ? failure.errors : []
    assert.deepStrictEqual(
      errors.map((error) => [error.pointer, error.code]),
      [
        ["/time_zone", "unknown_zone"],
        ["/currency", "unknown_currency"],
        ["/metrics/0", "unknown_metric"],
        ["/metrics/1", "unknown_metric"],
        ["/dimensions/0", "unknown_dimension"],
        ["/dimensions/1", "encrypted_field"],
        ["/filters/and/0/operator", "unknown_operator"],
        ["/filters/and/1/operator", "encrypted_field"]
      ]
    )
    assert.include(errors[2]!.detail, "did you mean events?")
    assert.include(errors[4]!.detail, "did you mean country?")
  })
})
