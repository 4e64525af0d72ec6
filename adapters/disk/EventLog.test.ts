import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import { suite } from "../../ports/analytics/EventLog.suite.ts"
import { layer } from "./EventLog.ts"

const freshFolder = (): string => fs.mkdtempSync(join(tmpdir(), "event-log-"))

suite("disk", () => layer({ folder: freshFolder() }))
suite("disk, small segments", () => layer({ folder: freshFolder(), segmentBytesMax: 2000 }))

const line = (number: number) => JSON.stringify({ v: 1, event_id: String(number), received_at: number * 1_000_000 })
const append = (from: number, count: number) =>
  Effect.flatMap(EventLog, (log) =>
    Effect.forEach(
      Array.from({ length: count }, (_, index) => from + index),
      (number) => log.append([{ key: "k", line: line(number) }])
    )
  )
const readAll = Effect.gen(function* () {
  const log = yield* EventLog
  const lines: Array<string> = []
  let from: string | undefined
  for (;;) {
    const batch = yield* log.read({ partition: "0", from, linesMax: 1000, waitMillis: 0 })
    if (batch.lines.length === 0) return lines
    lines.push(...batch.lines)
    from = batch.through
  }
})
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => line(from + index))

describe("disk EventLog", () => {
  it.live("gives a reader who keeps up all that came since, in one batch", () =>
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* append(0, 1)
      const first = yield* log.read({ partition: "0", from: undefined, linesMax: 10, waitMillis: 0 })
      const long = Array.from({ length: 5000 }, (_, number) => line(number).replace("}", `,"a":"${"a".repeat(1000)}"}`))
      for (let from = 0; from < long.length; from += 1000) {
        yield* log.append(long.slice(from, from + 1000).map((text) => ({ key: "k", line: text })))
      }
      const batch = yield* log.read({ partition: "0", from: first.through, linesMax: 20_000, waitMillis: 0 })
      assert.deepStrictEqual(batch.lines, long)
      const half = yield* log.read({ partition: "0", from: first.through, linesMax: 2500, waitMillis: 0 })
      const rest = yield* log.read({ partition: "0", from: half.through, linesMax: 20_000, waitMillis: 0 })
      assert.deepStrictEqual([...half.lines, ...rest.lines], long)
    }).pipe(Effect.provide(layer({ folder: freshFolder() })))
  )

  it.live("opens again on what it left", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* append(0, 5).pipe(Effect.provide(layer({ folder })))
      yield* append(5, 5).pipe(Effect.provide(layer({ folder })))
      assert.deepStrictEqual(yield* readAll.pipe(Effect.provide(layer({ folder }))), numbers(10))
    })
  )

  for (const [title, tail] of [
    ["half a line", '{"v":1,"event_id":"7'],
    ["blocks of NUL", "\0".repeat(5000)],
    ["a line whose blocks were lost", `${"\0".repeat(40)}}\n`],
    ["a line break without its line", "\n"]
  ] as const) {
    it.live(`cuts ${title} off the end and goes on`, () =>
      Effect.gen(function* () {
        const folder = freshFolder()
        yield* append(0, 7).pipe(Effect.provide(layer({ folder })))
        fs.appendFileSync(join(folder, "000000000001.log"), tail)
        yield* append(7, 3).pipe(Effect.provide(layer({ folder })))
        assert.deepStrictEqual(yield* readAll.pipe(Effect.provide(layer({ folder }))), numbers(10))
      })
    )
  }

  it.live("drops whole segments by the age of their youngest line, never the newest", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* Effect.gen(function* () {
        yield* append(0, 100)
        const log = yield* EventLog
        const before = fs.readdirSync(folder).length
        const { segments } = yield* log.dropBefore(50 * 1000)
        assert.isAbove(segments, 0)
        assert.strictEqual(fs.readdirSync(folder).length, before - segments)
        const kept = yield* readAll
        assert.deepStrictEqual(kept, numbers(kept.length, 100 - kept.length))
        assert.isAtLeast(kept.length, 50)
        yield* log.dropBefore(1e9)
        assert.isAtLeast((yield* readAll).length, 1)
      }).pipe(Effect.provide(layer({ folder, segmentBytesMax: 500 })))
    })
  )

  it.live("loses and doubles no acknowledged line when writers and close race", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const acknowledged: Array<string> = []
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        yield* Effect.forEach(
          Array.from({ length: 300 }, (_, index) => index),
          (number) =>
            log
              .append([{ key: String(number), line: line(number) }])
              .pipe(Effect.andThen(Effect.sync(() => void acknowledged.push(line(number))))),
          { concurrency: 64, discard: true }
        )
      }).pipe(Effect.provide(layer({ folder })))
      const kept = yield* readAll.pipe(Effect.provide(layer({ folder })))
      assert.deepStrictEqual(kept.toSorted(), acknowledged.toSorted())
    })
  )

  it.live("says that a checkpoint is none of its own", () =>
    Effect.gen(function* () {
      const log = yield* EventLog
      const failure = yield* Effect.flip(log.read({ partition: "0", from: "shard-1", linesMax: 1, waitMillis: 0 }))
      assert.strictEqual(failure.reason, "corrupt")
      assert.isFalse(failure.retriable)
    }).pipe(Effect.provide(layer({ folder: freshFolder() })))
  )
})
