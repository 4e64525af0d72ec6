import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { stickinessIntervalsMax } from "../../../ports/analytics/StickinessQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { activity } from "../testing/activities.ts"
import type { GeneratedActivity } from "../testing/activities.ts"
import { sticky } from "../testing/activityReference.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { daysAfter } from "../testing/reference.ts"
import { matcher } from "../testing/selections.ts"
import { askStickiness } from "./askStickiness.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)
const questionsOfHistory = 4

describe("askStickiness", () => {
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
          const result = yield* askStickiness(workspace, { ...selection, interval, date_range: own, time_zone: zone })
          const expected = sticky(all, { zone, interval, ...own, counts: matcher(selection, belongs) }, merges)
          const atLeast = expected.map((_, index) => expected.slice(index).reduce((sum, people) => sum + people, 0))
          assert.deepStrictEqual(
            result.histogram,
            expected.map((people, index) => ({
              intervals: index + 1,
              people,
              people_at_least: atLeast[index]!
            })),
            JSON.stringify({ own, interval, selection })
          )
          assert.strictEqual(result.people, atLeast[0])
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(activity, { minLength: questionsOfHistory, maxLength: questionsOfHistory })
    await fc.assert(fc.asyncProperty(history("history"), questions, answersLikeReference), { numRuns: runs })
  })

  it("answers an empty workspace with zeros", async () => {
    const result = await runtime.runPromise(
      askStickiness(WorkspaceId.make("empty"), { date_range: { from: "2026-03-01", to: "2026-03-02" } })
    )
    assert.deepStrictEqual([result.people, result.complete, result.as_of], [0, false, null])
    assert.deepStrictEqual(result.histogram, [
      { intervals: 1, people: 0, people_at_least: 0 },
      { intervals: 2, people: 0, people_at_least: 0 }
    ])
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askStickiness(WorkspaceId.make("wrong"), {
          date_range: { from: "2025-01-01", to: "2026-01-02" },
          filters: { dimension: "contry", operator: "is", value: "DE" }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ detail, pointer }) => [pointer, detail]) : [],
      [
        ["/date_range", `${stickinessIntervalsMax} intervals at the most`],
        ["/filters/dimension", "contry is not known; did you mean country?"]
      ]
    )
  })
})
