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
import type { EventSelection, FunnelGroup, FunnelQuestion } from "../../../ports/analytics/FunnelQuestion.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { settingsInitial, SettingsSource } from "../../../ports/platform/Settings.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { bestAttempts } from "../testing/funnelReference.ts"
import type { Attempt, ReferenceFunnel } from "../testing/funnelReference.ts"
import { funnelQuestion } from "../testing/funnels.ts"
import { history, rangeDays } from "../testing/histories.ts"
import { bucketOf, withoutDuplicates } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { askFunnel } from "./askFunnel.ts"

const folder = mkdtempSync(join(tmpdir(), "funnels-"))
const world = Layer.mergeAll(
  DuckdbEventStore.layer({ file: join(folder, "events.duckdb") }),
  BundledRates.layer,
  Layer.succeed(SettingsSource, { current: () => settingsInitial, load: () => Effect.void }),
  Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeyFile.layer({ file: join(folder, "root.key") })
  )
)
const runs = Number(process.env["HISTORIES"] ?? 60)
const questionsOfHistory = 4
const minuteMillis = 60_000
const unitMillis = {
  second: 1000,
  minute: minuteMillis,
  hour: 60 * minuteMillis,
  day: 1440 * minuteMillis,
  week: 10_080 * minuteMillis
}

const country = (event: Event): string | null => event.geo?.country ?? null

const holds = (filter: Filter, event: Event): boolean =>
  "dimension" in filter &&
  (filter.dimension === "country" ? country(event) === filter.value : Number(event.properties["amount"] ?? 0) > 0)

const matcher =
  ({ event_types: types, filters }: EventSelection) =>
  (event: Event): boolean =>
    types!.includes(event.event_type) && (filters === undefined || holds(filters, event))

/** Equal steps are one function, so that the reference sees which steps are equal. */
const matchers = (selections: ReadonlyArray<EventSelection>): ReadonlyArray<(event: Event) => boolean> => {
  const key = (each: EventSelection) => JSON.stringify([each.event_types!.toSorted(), each.filters])
  const known = new Map(selections.map((each) => [key(each), matcher(each)]))
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

const valueOf = (question: Omit<FunnelQuestion, "date_range">, attempt: Attempt): string | null => {
  const at = question.breakdown_at
  if (at === "last") return country(attempt.at(-1)!)
  if (at === "step:2") return attempt[1] === undefined ? null : country(attempt[1])
  return country(attempt[0]!)
}

describe("askFunnel", () => {
  const runtime = ManagedRuntime.make(world)
  let number = 0

  const answersLikeReference = async (
    {
      day,
      log,
      merges,
      zone
    }: { day: string; log: ReadonlyArray<Event>; merges: ReadonlyMap<string, string>; zone: string },
    questions: ReadonlyArray<Omit<FunnelQuestion, "date_range">>
  ) => {
    number += 1
    const workspace = WorkspaceId.make(`history-${number}`)
    const lines = log.map((event) => ({ ...event, workspace }))
    const last = formatDay(addDays(parseDay(day)!, rangeDays - 1))
    const all = withoutDuplicates(lines)
    const inRange = (event: Event) => {
      const own = bucketOf(zone, "day", event.time)
      return own >= day && own <= last
    }
    await runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.insert({ partition: workspace, through: "1", lines: lines.map((line) => JSON.stringify(line)) })
        yield* store.setMerges(
          workspace,
          [...merges].map(([from, into]) => ({ from, into }))
        )
        for (const question of questions) {
          const result = yield* askFunnel(workspace, {
            ...question,
            date_range: { from: day, to: last },
            time_zone: zone
          })
          const { unit, value } = question.conversion_window!
          const reference: ReferenceFunnel = {
            steps: matchers(question.steps),
            order: question.order!,
            windowMillis: value * unitMillis[unit],
            exclusions: (question.exclusions ?? []).map((each) => ({
              matches: matcher(each),
              after: each.after_step - 1,
              before: each.before_step - 1
            })),
            inRange
          }
          const best = [...bestAttempts(all, reference, merges).values()]
          const steps = question.steps.length
          assert.deepStrictEqual(answered(result), counted(best, steps), JSON.stringify(question))
          const grouped =
            question.breakdown_at === "all"
              ? [...bestAttempts(all, reference, merges, (event) => String(country(event))).values()]
              : best
          const values = new Set(grouped.map((attempt) => valueOf(question, attempt)))
          assert.deepStrictEqual(new Set(result.groups.map((group) => group.value!)), values)
          for (const group of result.groups) {
            const own = grouped.filter((attempt) => valueOf(question, attempt) === group.value)
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
        ["/steps", "too_few"],
        ["/exclusions/0", "out_of_range"],
        ["/dimension", "encrypted_field"],
        ["/breakdown_at", "unknown_place"],
        ["/conversion_window", "out_of_range"],
        ["/steps/0/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
