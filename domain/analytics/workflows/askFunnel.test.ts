import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { EventSelection, FunnelGroup, FunnelQuestion } from "../../../ports/analytics/FunnelQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { bestAttempts } from "../testing/funnelReference.ts"
import type { Attempt, ReferenceFunnel } from "../testing/funnelReference.ts"
import type { Belongs } from "../testing/cohorts.ts"
import { funnelQuestion } from "../testing/funnels.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import type { Event } from "../testing/reference.ts"
import { country, matcher } from "../testing/selections.ts"
import { askFunnel } from "./askFunnel.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)
const questionsOfHistory = 3
const minuteMillis = 60_000
const unitMillis = {
  second: 1000,
  minute: minuteMillis,
  hour: 60 * minuteMillis,
  day: 1440 * minuteMillis,
  week: 10_080 * minuteMillis
}

/** Equal steps are one function, so that the reference sees which steps are equal. */
const matchers = (
  selections: ReadonlyArray<EventSelection>,
  belongs: Belongs
): ReadonlyArray<(event: Event) => boolean> => {
  const key = (each: EventSelection) => JSON.stringify([each.event_types!.toSorted(), each.filters])
  const known = new Map(selections.map((each) => [key(each), matcher(each, belongs)]))
  return selections.map((each) => known.get(key(each))!)
}

const counted = (attempts: ReadonlyArray<Attempt>, steps: number) => ({
  people: Array.from({ length: steps }, (_, step) => attempts.filter((attempt) => attempt.length > step).length),
  means: Array.from({ length: steps - 1 }, (_, step) => {
    const times = attempts.flatMap((attempt) =>
      attempt.length > step + 1 ? [attempt[step + 1]!.time - attempt[step]!.time] : []
    )
    const sum = times.reduce((total, time) => total + time, 0)
    return times.length === 0 ? null : Number((sum / times.length).toPrecision(12))
  })
})

const answered = ({ steps }: FunnelGroup) => ({
  people: steps.map((step) => step.people),
  means: steps.slice(1).map((step) => step.time_to_convert!.mean_ms)
})

/** The event's value of the question's dimension. */
const dimensionOf =
  ({ dimension }: Omit<FunnelQuestion, "date_range">, belongs: Belongs) =>
  (event: Event): string | null =>
    dimension === "country" ? country(event) : (["buyers", "list"].find((cohort) => belongs(cohort, event)) ?? null)

const valueOf = (
  question: Omit<FunnelQuestion, "date_range">,
  attempt: Attempt,
  of: (event: Event) => string | null
): string | null => {
  const at = question.breakdown_at
  if (at === "last") return of(attempt.at(-1)!)
  if (at === "step:2") return attempt[1] === undefined ? null : of(attempt[1])
  return of(attempt[0]!)
}

describe("askFunnel", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (
    history: GeneratedHistory,
    questions: ReadonlyArray<Omit<FunnelQuestion, "date_range">>
  ) => {
    number += 1
    const { merges, zone } = history
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, inRange, range, workspace } = yield* storeHistory(`history-${number}`, history)
        for (const question of questions) {
          const result = yield* askFunnel(workspace, { ...question, date_range: range, time_zone: zone })
          const { unit, value } = question.conversion_window!
          const reference: ReferenceFunnel = {
            steps: matchers(question.steps, belongs),
            order: question.order!,
            windowMillis: value * unitMillis[unit],
            exclusions: (question.exclusions ?? []).map((each) => ({
              matches: matcher(each, belongs),
              after: each.after_step - 1,
              before: each.before_step - 1
            })),
            inRange
          }
          const best = [...bestAttempts(all, reference, merges).values()]
          const steps = question.steps.length
          const of = dimensionOf(question, belongs)
          assert.deepStrictEqual(answered(result), counted(best, steps), JSON.stringify(question))
          const grouped =
            question.breakdown_at === "all"
              ? [...bestAttempts(all, reference, merges, (event) => String(of(event))).values()]
              : best
          const values = new Set(grouped.map((attempt) => valueOf(question, attempt, of)))
          assert.deepStrictEqual(new Set(result.groups.map((group) => group.value!)), values)
          for (const group of result.groups) {
            const own = grouped.filter((attempt) => valueOf(question, attempt, of) === group.value)
            assert.deepStrictEqual(answered(group), counted(own, steps), JSON.stringify([question, group.value]))
          }
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(funnelQuestion, { minLength: questionsOfHistory, maxLength: questionsOfHistory })
    await fc.assert(fc.asyncProperty(history("history"), questions, answersLikeReference), { numRuns: runs })
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askFunnel(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-03-02", to: "2026-03-01" },
          time_zone: "Mars/Olympus",
          steps: [{ filters: { dimension: "contry", operator: "is", value: "DE" } }],
          conversion_window: { value: 0, unit: "day" },
          exclusions: [{ event_types: ["x"], after_step: 1, before_step: 1 }],
          dimension: "property:email",
          breakdown_at: "step:9"
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/time_zone", "unknown_zone"],
        ["/dimension", "encrypted_field"],
        ["/breakdown_at", "unknown_place"],
        ["/steps", "too_few"],
        ["/exclusions/0", "out_of_range"],
        ["/conversion_window", "out_of_range"],
        ["/steps/0/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
