import { assert, layer as layerOf } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Layer } from "effect"
import { appendLinesMax, EventLog, lineBytesMax } from "./EventLog.ts"
import type { LogEntry } from "./EventLog.ts"
import type { PortFailure } from "../PortFailure.ts"

const entry = (key: string, number: number): LogEntry => ({
  key,
  line: JSON.stringify({ v: 1, event_id: `${key}-${number}`, text: "Grüße 🦊 \u2028", received_at: number })
})
const entries = (key: string, count: number, from = 0): ReadonlyArray<LogEntry> =>
  Array.from({ length: count }, (_, index) => entry(key, from + index))

/** Everything behind `from`, read in batches of `linesMax`. */
const drain = Effect.fnUntraced(function* (log: EventLog["Service"], from: string | undefined, linesMax: number) {
  const lines: Array<string> = []
  let place = from
  for (;;) {
    const batch = yield* log.read({ partition: "0", from: place, linesMax, waitMillis: 0 })
    if (batch.lines.length === 0) return { lines, through: batch.through }
    lines.push(...batch.lines)
    place = batch.through
  }
})

/** The promises of EventLog, for every adapter. The layer gives an empty log of one partition `"0"`. */
export const suite = (name: string, layer: () => Layer.Layer<EventLog, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`EventLog: ${name}`, (it) => {
    it.effect("answers an empty batch once the wait is over", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const batch = yield* log.read({ partition: "0", from: undefined, linesMax: 10, waitMillis: 20 })
        assert.deepStrictEqual(batch.lines, [])
      })
    )

    it.effect("reads back what was appended, in order, whatever the batch size", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const sent = entries("order", 500)
        for (let at = 0; at < sent.length; at += 100) yield* log.append(sent.slice(at, at + 100))
        for (const linesMax of [1, 7, 1000]) {
          const { lines } = yield* drain(log, from, linesMax)
          assert.deepStrictEqual(
            lines,
            sent.map((each) => each.line)
          )
        }
      })
    )

    it.effect("keeps the order of a key under many writers", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
        yield* Effect.forEach(
          keys,
          (key) => Effect.forEach(entries(key, 30), (each) => log.append([each]), { discard: true }),
          { concurrency: "unbounded", discard: true }
        )
        const { lines } = yield* drain(log, from, 1000)
        assert.strictEqual(lines.length, 600)
        for (const key of keys) {
          const own = lines.filter((line) => line.includes(`"${key}-`))
          assert.deepStrictEqual(
            own,
            entries(key, 30).map((each) => each.line)
          )
        }
      })
    )

    it.effect("wakes a waiting reader at the next append", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const reader = yield* Effect.forkChild(log.read({ partition: "0", from, linesMax: 10, waitMillis: 10_000 }))
        yield* Effect.sleep(20)
        yield* log.append([entry("wake", 1)])
        const batch = yield* Fiber.join(reader)
        assert.deepStrictEqual(batch.lines, [entry("wake", 1).line])
        assert.strictEqual(batch.through, yield* log.end("0"))
      })
    )

    it.effect("resumes each consumer from its own checkpoint", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        assert.isUndefined(yield* log.checkpoint("index/α", "0"))
        const from = yield* log.end("0")
        yield* log.append(entries("resume", 10))
        const batch = yield* log.read({ partition: "0", from, linesMax: 4, waitMillis: 0 })
        yield* log.saveCheckpoint("index/α", "0", batch.through)
        yield* log.saveCheckpoint("live", "0", from)
        const resumed = yield* drain(log, yield* log.checkpoint("index/α", "0"), 100)
        assert.deepStrictEqual(
          resumed.lines,
          entries("resume", 6, 4).map((each) => each.line)
        )
        assert.strictEqual(yield* log.checkpoint("live", "0"), from)
      })
    )

    it.effect("counts the bytes behind a place, or says that it does not", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const sent = entries("backlog", 50)
        yield* log.append(sent)
        const end = yield* log.end("0")
        const bytes = yield* log.backlogBytes("0", from)
        if (bytes === undefined) return assert.isUndefined(yield* log.backlogBytes("0", undefined))
        assert.strictEqual(
          bytes,
          sent.reduce((sum, each) => sum + Buffer.byteLength(each.line) + 1, 0)
        )
        assert.strictEqual(yield* log.backlogBytes("0", end), 0)
        assert.isAtLeast((yield* log.backlogBytes("0", undefined)) ?? 0, bytes)
      })
    )

    it.effect("passes over erased lines, keeps the others and every place, or says how long it keeps them", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const sent = entries("erased", 60)
        const places: Array<string> = []
        for (const each of sent) {
          places.push(yield* log.end("0"))
          yield* log.append([each])
        }
        const isErased = (line: string) => line.includes('"erased-') && !/[05]"/.test(line)
        const done = yield* log.erase(isErased)
        if (done.kind === "kept") return assert.isAbove(done.daysMax, 0)
        const kept = sent.map(({ line }) => line).filter((line) => !isErased(line))
        assert.isAbove(kept.length, 5)
        assert.strictEqual(done.lines, sent.length - kept.length)
        for (const linesMax of [1, 7, 1000]) assert.deepStrictEqual((yield* drain(log, from, linesMax)).lines, kept)
        for (const [index, place] of places.entries()) {
          const expected = sent.slice(index).find(({ line }) => !isErased(line))?.line
          const { lines } = yield* log.read({ partition: "0", from: place, linesMax: 1, waitMillis: 0 })
          assert.strictEqual(lines[0], expected)
        }
        assert.deepStrictEqual(yield* log.erase(isErased), { kind: "rewritten", lines: 0 })
        yield* log.append([entry("erased", 100)])
        assert.deepStrictEqual((yield* drain(log, from, 1000)).lines, [...kept, entry("erased", 100).line])
      })
    )

    it.effect("refuses more lines and longer lines than its limits, whole", () =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const from = yield* log.end("0")
        const many = yield* Effect.flip(log.append(entries("many", appendLinesMax + 1)))
        assert.include(many.detail, String(appendLinesMax))
        const long = yield* Effect.flip(
          log.append([entry("long", 1), { key: "long", line: "x".repeat(lineBytesMax + 1) }])
        )
        assert.include(long.detail, String(lineBytesMax))
        assert.deepStrictEqual((yield* drain(log, from, 100)).lines, [])
      })
    )
  })
}
