import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { lifecyclePeriodsMax } from "../../../ports/analytics/LifecycleQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { activity } from "../testing/activities.ts"
import type { GeneratedActivity } from "../testing/activities.ts"
import { lifecycles } from "../testing/activityReference.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { daysAfter } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { matcher } from "../testing/selections.ts"
import { askLifecycle } from "./askLifecycle.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)
const questionsOfHistory = 4

describe("askLifecycle", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (generated: GeneratedHistory, questions: ReadonlyArray<GeneratedActivity>) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, range, workspace } = yield* storeHistory(`history-${number}`, generated)
        for (const { daysBefore, interval, selection } of questions) {
          const own = { from: daysAfter(range.from, -daysBefore), to: range.to }
          const result = yield* askLifecycle(workspace, { ...selection, interval, date_range: own, time_zone: zone })
          assert.deepStrictEqual(
            result.periods.map(({ dormant, new: fresh, resurrecting, returning }) => ({
              new: fresh,
              returning,
              resurrecting,
              dormant
            })),
            lifecycles(all, { zone, interval, ...own, counts: matcher(selection, belongs) }, merges),
            JSON.stringify({ own, interval, selection })
          )
          for (const period of result.periods)
            assert.strictEqual(period.active, period.new + period.returning + period.resurrecting)
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(activity, { minLength: questionsOfHistory, maxLength: questionsOfHistory })
    await fc.assert(fc.asyncProperty(history("history"), questions, answersLikeReference), { numRuns: runs })
  })

  const seen = (person: string, day: string): Event => ({
    v: 1,
    event_id: crypto.randomUUID(),
    workspace: "states",
    event_type: "page_view",
    anonymous_id: person,
    time: Date.parse(`${day}T10:00:00Z`),
    received_at: Date.parse("2026-03-04T12:00:00Z") * 1000,
    index: 0,
    timestamp: Date.parse(`${day}T10:00:00Z`),
    properties: {}
  })

  it("says who is new, returning, resurrecting and dormant, and which period is not over", async () => {
    const log = [
      ["a", "2026-03-01"],
      ["a", "2026-03-02"],
      ["a", "2026-03-04"],
      ["b", "2026-03-03"],
      ["b", "2026-03-04"],
      ["c", "2025-03-01"],
      ["c", "2026-03-02"]
    ] as const
    const generated = {
      day: "2026-03-01",
      zone: "UTC",
      log: log.map(([person, day]) => seen(person, day)),
      merges: new Map<string, string>()
    }
    const result = await runtime.runPromise(
      Effect.flatMap(storeHistory("states", generated), ({ workspace }) =>
        askLifecycle(workspace, { date_range: { from: "2026-03-02", to: "2026-03-04" } })
      )
    )
    assert.deepStrictEqual(result.periods, [
      {
        start: "2026-03-02T00:00:00+00:00",
        active: 2,
        new: 0,
        returning: 1,
        resurrecting: 1,
        dormant: 0,
        complete: true
      },
      {
        start: "2026-03-03T00:00:00+00:00",
        active: 1,
        new: 1,
        returning: 0,
        resurrecting: 0,
        dormant: -2,
        complete: true
      },
      {
        start: "2026-03-04T00:00:00+00:00",
        active: 2,
        new: 0,
        returning: 1,
        resurrecting: 1,
        dormant: 0,
        complete: false
      }
    ])
  })

  it("answers as many periods as it promises, and an empty workspace with zeros", async () => {
    const result = await runtime.runPromise(
      askLifecycle(WorkspaceId.make("empty"), { date_range: { from: "2026-01-01", to: "2026-05-04" } })
    )
    assert.strictEqual(result.periods.length, lifecyclePeriodsMax)
    assert.deepStrictEqual(new Set(result.periods.flatMap(({ active, dormant }) => [active, dormant])), new Set([0]))
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askLifecycle(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-01", to: "2026-05-05" },
          filters: { dimension: "contry", operator: "is", value: "DE" }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/date_range", "too_many"],
        ["/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
