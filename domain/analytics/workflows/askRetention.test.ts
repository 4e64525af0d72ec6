import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { RetentionQuestion } from "../../../ports/analytics/RetentionQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { history, rangeDays } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { bucketOf } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { retained } from "../testing/retentionReference.ts"
import { matcher, selection } from "../testing/selections.ts"
import { askRetention } from "./askRetention.ts"

const runs = Number(process.env["HISTORIES"] ?? 30)
const questionsOfHistory = 4
const dayMillis = 86_400_000

const question: fc.Arbitrary<Omit<RetentionQuestion, "date_range">> = fc
  .record({
    start: selection,
    return: selection,
    same: fc.boolean(),
    periods: fc.integer({ min: 1, max: 3 }),
    cohorts: fc.constantFrom("first_time" as const, "recurring" as const),
    returned: fc.constantFrom("on" as const, "on_or_after" as const)
  })
  .map(({ same, ...rest }) => (same ? { ...rest, return: rest.start } : rest))

describe("askRetention", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (
    generated: GeneratedHistory,
    questions: ReadonlyArray<Omit<RetentionQuestion, "date_range">>
  ) => {
    number += 1
    const { day, merges, zone } = generated
    /** Days between calendar days, as clocks in the zone show them. */
    const interval = (event: Event) =>
      Math.round((Date.parse(bucketOf(zone, "day", event.time)) - Date.parse(day)) / dayMillis)
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, range, workspace } = yield* storeHistory(`history-${number}`, generated)
        for (const each of questions) {
          const result = yield* askRetention(workspace, { ...each, date_range: range, time_zone: zone })
          const expected = retained(
            all,
            {
              start: matcher(each.start!, belongs),
              back: matcher(each.return!, belongs),
              firstTime: each.cohorts === "first_time",
              orAfter: each.returned === "on_or_after",
              interval,
              cohorts: rangeDays,
              periods: each.periods!
            },
            merges
          )
          assert.deepStrictEqual(
            result.cohorts.map(({ people, periods }) => ({ people, returned: periods.map((period) => period.people) })),
            expected.map((cohort) => ({ ...cohort })),
            JSON.stringify(each)
          )
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(question, { minLength: questionsOfHistory, maxLength: questionsOfHistory })
    await fc.assert(fc.asyncProperty(history("history"), questions, answersLikeReference), { numRuns: runs })
  })

  const seen = (workspace: string, person: string, timestamp: string): Event => ({
    v: 1,
    event_id: crypto.randomUUID(),
    workspace,
    event_type: "page_view",
    anonymous_id: person,
    time: Date.parse(timestamp),
    received_at: Date.parse("2026-03-03T12:00:00Z") * 1000,
    index: 0,
    timestamp: Date.parse(timestamp),
    properties: {}
  })

  it("flags periods that are not over and leaves them out of the mean", async () => {
    const log = [
      seen("flagged", "a", "2026-03-01T10:00:00Z"),
      seen("flagged", "b", "2026-03-01T11:00:00Z"),
      seen("flagged", "a", "2026-03-02T10:00:00Z"),
      seen("flagged", "c", "2026-03-02T10:00:00Z"),
      seen("flagged", "c", "2026-03-03T11:00:00Z")
    ]
    const generated = { day: "2026-03-01", zone: "UTC", log, merges: new Map<string, string>() }
    const result = await runtime.runPromise(
      Effect.flatMap(storeHistory("flagged", generated), ({ workspace }) =>
        askRetention(workspace, { date_range: { from: "2026-03-01", to: "2026-03-02" }, periods: 2, mean: "simple" })
      )
    )
    assert.deepStrictEqual(
      result.cohorts.map(({ people, periods }) => [
        people,
        ...periods.map((each) => `${each.people} ${each.complete}`)
      ]),
      [
        [2, "2 true", "1 true", "0 false"],
        [1, "1 true", "1 false", "0 false"]
      ]
    )
    assert.deepStrictEqual(result.mean, [1, 0.5, null])
    assert.isTrue(result.cohorts[0]!.small)
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askRetention(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-01", to: "2026-12-31" },
          periods: 0,
          start: { filters: { dimension: "contry", operator: "is", value: "DE" } }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/periods", "out_of_range"],
        ["/date_range", "too_many"],
        ["/start/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
