import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as BundledRates from "../../../adapters/bundled/ExchangeRates.ts"
import * as DuckdbEventStore from "../../../adapters/duckdb/EventStore.ts"
import * as RootKeyFile from "../../../adapters/files/RootKeys.ts"
import * as SqliteDocumentStore from "../../../adapters/sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "../../../adapters/sqlite/SubjectKeys.ts"
import * as ThreadComputation from "../../../adapters/threads/Computation.ts"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import { cohortMembers, cohorts } from "../../../ports/analytics/Cohort.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { Question, ResultPeriod } from "../../../ports/analytics/Question.ts"
import { Collections } from "../../../ports/documents/DocumentStore.ts"
import { settingsInitial, SettingsSource } from "../../../ports/platform/Settings.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { belongsTo, storeCohorts } from "../testing/cohorts.ts"
import { history } from "../testing/histories.ts"
import type { History } from "../testing/histories.ts"
import { questionAbout } from "../testing/questions.ts"
import { bucketOf, daysAfter, withoutDuplicates } from "../testing/reference.ts"
import type { Interval } from "../testing/reference.ts"
import { rangeBefore, referenceAnswer } from "../testing/referenceAnswer.ts"
import { askQuestion } from "./askQuestion.ts"

const folder = mkdtempSync(join(tmpdir(), "questions-"))
const world = Layer.mergeAll(
  DuckdbEventStore.layer({ file: join(folder, "events.duckdb") }),
  BundledRates.layer,
  Layer.provide(
    SqliteDocumentStore.layer({ file: join(folder, "documents.sqlite") }),
    Layer.succeed(Collections, [cohorts.collection, cohortMembers, channelRules])
  ),
  ThreadComputation.layer({ entry: new URL("../../../workers/computing.ts", import.meta.url) }),
  Layer.succeed(SettingsSource, { current: () => settingsInitial, load: () => Effect.void }),
  Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeyFile.layer({ file: join(folder, "root.key") })
  )
)
const histories = Number(process.env["HISTORIES"] ?? 200)
/** Histories that are filled in together: a load costs as much for one as for many. */
const together = 25
const slices = 3

interface Case {
  readonly history: History
  readonly question: Question
}

const cases = fc.array(
  history("history").chain((made) =>
    fc.record({ history: fc.constant(made), question: questionAbout(made.day, made.zone) })
  ),
  { minLength: together, maxLength: together }
)

/** A period of the answer in the shape of the reference. */
const shapeOf = (question: Question, period: ResultPeriod, more: boolean) => {
  const interval = question.interval as Interval | undefined
  const zone = question.time_zone!
  const other = period.rows.find((row) => row.other === true)
  return {
    buckets: interval === undefined ? [] : period.buckets.map((start) => bucketOf(zone, interval, Date.parse(start))),
    totals: period.totals,
    series: period.series ?? [],
    rows: period.rows
      .filter((row) => row.other !== true)
      .map(({ metrics, series = [], values }) => ({ values, metrics, series })),
    other: other === undefined ? undefined : { metrics: other.metrics, series: other.series ?? [] },
    more
  }
}

/** The period begins and ends with the first instants of days, however long these are. */
const assertDays = (range: Question["date_range"], period: ResultPeriod, zone: string) => {
  for (const [instant, day] of [
    [period.from, range.from],
    [period.to, daysAfter(range.to, 1)]
  ] as const) {
    const millis = Date.parse(instant)
    assert.strictEqual(bucketOf(zone, "day", millis), day)
    assert.isBelow(bucketOf(zone, "day", millis - 1).localeCompare(day), 0)
  }
}

describe("askQuestion", () => {
  const runtime = ManagedRuntime.make(world)
  let number = 0

  const answerLikeReference = Effect.fnUntraced(function* (
    workspace: WorkspaceId,
    { history: { log, merges }, question }: Case
  ) {
    const rates = yield* ExchangeRates
    const events = withoutDuplicates(log)
    const facts = { events, merges, rates, belongs: belongsTo(events, merges) }
    const result = yield* askQuestion(workspace, question)
    const expected = referenceAnswer(question, facts)
    assertDays(question.date_range, result, question.time_zone!)
    assert.deepStrictEqual(shapeOf(question, result, result.next_offset !== null), expected)
    if (result.previous === undefined) return
    const before = { ...question, date_range: rangeBefore(question.date_range) }
    assertDays(before.date_range, result.previous, question.time_zone!)
    const groups = expected.rows.map(({ values }) => values)
    assert.deepStrictEqual(shapeOf(question, result.previous, false), referenceAnswer(before, facts, groups))
  })

  const fill = Effect.fnUntraced(function* (
    workspaces: ReadonlyArray<{ readonly workspace: WorkspaceId; readonly each: Case }>
  ) {
    const store = yield* EventStore
    for (let slice = 0; slice < slices; slice += 1) {
      const lines = workspaces.flatMap(
        ({
          each: {
            history: { log }
          },
          workspace
        }) =>
          log
            .filter((_, at) => Math.floor((at * slices) / log.length) === slice)
            .map((event) => JSON.stringify({ ...event, workspace }))
      )
      yield* store.insert({ partition: workspaces[0]?.workspace ?? "none", through: String(slice), lines })
    }
    for (const { each, workspace } of workspaces) {
      yield* storeCohorts(workspace)
      const merges = [...each.history.merges].map(([from, into]) => ({ from, into }))
      if (merges.length > 0) yield* store.setMerges(workspace, merges)
    }
  })

  it(`answers like the reference on ${histories} generated histories`, { timeout: 3_600_000 }, async () => {
    let failed: Case | undefined
    const property = fc.asyncProperty(cases, (all) => {
      const workspaces = all.map((each) => ({ each, workspace: WorkspaceId.make(`history-${(number += 1)}`) }))
      const answers = Effect.forEach(
        workspaces,
        ({ each, workspace }) =>
          Effect.onError(answerLikeReference(workspace, each), () => Effect.sync(() => void (failed = each))),
        { discard: true }
      )
      return runtime.runPromise(Effect.andThen(fill(workspaces), answers))
    })
    // The one history and question that failed say more than a smaller batch would.
    const result = await fc.check(property, { numRuns: Math.ceil(histories / together), endOnFailure: true })
    const told = failed && { ...failed, history: { ...failed.history, merges: [...failed.history.merges] } }
    assert.isFalse(
      result.failed,
      `seed ${result.seed}: ${String(result.errorInstance)}\n${JSON.stringify(told, null, 1)}`
    )
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
