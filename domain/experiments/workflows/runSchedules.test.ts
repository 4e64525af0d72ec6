import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { schedules } from "../../../ports/experiments/FlagSchedule.ts"
import type { FlagSchedule } from "../../../ports/experiments/FlagSchedule.ts"
import { readItem } from "../../platform/resources.ts"
import { actor, at, begin, come, workspace } from "../testing/releaseWorld.ts"
import { countSamples, runSchedules } from "./runSchedules.ts"
import { createSchedule } from "./schedules.ts"

describe("schedules that wait for a sample", () => {
  it.effect("are all counted, also behind a page of older ones that nobody comes to", () =>
    at(
      Effect.gen(function* () {
        const release = yield* begin
        const made = yield* createSchedule(actor, {
          flag: "checkout",
          steps: [
            {
              gate: { kind: "sample", rule: "all", units: 100 },
              changes: [{ kind: "set_default", variant: "off" }]
            }
          ]
        })
        yield* come(release, 60, { control: 0, treatment: 0 })
        yield* TestClock.adjust("61 seconds")
        const writes = Array.from({ length: listLimitMax }, (_, number): DocumentWrite => {
          const [id, flag] = [`older-${number}`, `gone-${number}`]
          const older: FlagSchedule = { ...made, id, flag, occupies: id, created_at: made.created_at - 1 - number }
          return {
            kind: "put",
            collection: schedules.name,
            id,
            expected: 0,
            schema_version: 1,
            subjects: [],
            data: older
          }
        })
        yield* (yield* DocumentStore).commit(workspace, { writes })
        yield* countSamples
        const { item } = yield* readItem<FlagSchedule>(schedules, workspace, made.id)
        assert.deepInclude(item, { status: "completed", steps_applied: 1 })
      })
    )
  )
})

describe("schedules that are due", () => {
  it.effect("are all taken in one round, also behind pages of older ones that cannot be", () =>
    at(
      Effect.gen(function* () {
        yield* begin
        const made = yield* createSchedule(actor, {
          flag: "checkout",
          steps: [{ gate: { kind: "after", seconds: 10 }, changes: [{ kind: "set_default", variant: "off" }] }]
        })
        const documents = yield* DocumentStore
        const olderOf = (number: number): DocumentWrite => {
          // What nothing comes of stays due: its steps are done.
          const [id, flag] = [`older-${number}`, `gone-${number}`]
          const data: FlagSchedule = { ...made, id, flag, occupies: id, steps_applied: 1, next_at: 1 + number }
          return { kind: "put", collection: schedules.name, id, expected: 0, schema_version: 1, subjects: [], data }
        }
        for (let from = 0; from < 3 * listLimitMax; from += listLimitMax) {
          const writes = Array.from({ length: listLimitMax }, (_, number) => olderOf(from + number))
          yield* documents.commit(workspace, { writes })
        }
        yield* TestClock.adjust("11 seconds")
        yield* runSchedules
        const { item } = yield* readItem<FlagSchedule>(schedules, workspace, made.id)
        assert.deepInclude(item, { status: "completed", steps_applied: 1 })
      })
    )
  )
})
