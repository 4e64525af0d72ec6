import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { EventLog, lineBytesMax } from "../../ports/analytics/EventLog.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { layer } from "./EventLog.ts"

const freshFolder = (): string => fs.mkdtempSync(join(tmpdir(), "event-log-damage-"))
const segmentOf = (folder: string, segment: number) => join(folder, `${String(segment).padStart(12, "0")}.log`)
const line = (number: number, filler = "") =>
  JSON.stringify({ v: 1, event_id: String(number), text: `Grüße ${filler}`, received_at: number })
const lines = (count: number) => Array.from({ length: count }, (_, index) => line(index))
const newline = 10

const appendAll = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(EventLog, (log) =>
    Effect.forEach(texts, (text) => log.append([{ key: "k", line: text }]), { discard: true })
  )

const readFrom = (from: string | undefined, linesMax: number) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const found: Array<string> = []
    let place = from
    for (;;) {
      const batch = yield* log.read({ partition: "0", from: place, linesMax, waitMillis: 0 })
      if (batch.lines.length === 0) return found
      found.push(...batch.lines)
      place = batch.through
    }
  })

const on = <A>(folder: string, body: Effect.Effect<A, PortFailure, EventLog>, segmentBytesMax = 64 * 1024 * 1024) =>
  Effect.provide(body, layer({ folder, segmentBytesMax }))

/** A log of whole lines whose file is then damaged by hand. */
const damaged = (texts: ReadonlyArray<string>, damage: (bytes: Buffer) => Buffer) =>
  Effect.gen(function* () {
    const folder = freshFolder()
    yield* on(folder, appendAll(texts))
    const file = segmentOf(folder, 1)
    fs.writeFileSync(file, damage(fs.readFileSync(file)))
    return folder
  })

/** Where each line begins. */
const startsOf = (bytes: Buffer): ReadonlyArray<number> => {
  const starts: Array<number> = []
  for (let at = 0; at < bytes.length; at = bytes.indexOf(newline, at) + 1) starts.push(at)
  return starts
}

describe("a damaged log", () => {
  it.live("torn at any byte of its last line opens with all lines before it, and goes on", () =>
    Effect.gen(function* () {
      const last = Buffer.byteLength(line(4)) + 1
      for (let kept = 0; kept < last; kept += 1) {
        const folder = yield* damaged(lines(5), (bytes) => bytes.subarray(0, bytes.length - last + kept))
        yield* on(folder, appendAll([line(5)]))
        assert.deepStrictEqual(
          yield* on(folder, readFrom(undefined, 100)),
          [...lines(4), line(5)],
          `${kept} bytes kept`
        )
        fs.rmSync(folder, { recursive: true })
      }
    })
  )

  it("with any byte changed before its last line loses no other line than the one or two that it stood in", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 255 }), (place, value) =>
        Effect.gen(function* () {
          let touched: ReadonlyArray<number> = []
          const folder = yield* damaged(lines(6), (bytes) => {
            const starts = startsOf(bytes)
            const at = place % starts.at(-1)!
            const hit = starts.findLastIndex((start) => start <= at)
            touched = bytes[at] === newline ? [hit, hit + 1] : [hit]
            bytes[at] = value
            return bytes
          })
          const found = yield* on(folder, readFrom(undefined, 100))
          const others = lines(6).filter((_, index) => !touched.includes(index))
          assert.deepStrictEqual(
            others.filter((each) => !found.includes(each)),
            []
          )
          fs.rmSync(folder, { recursive: true })
        }).pipe(Effect.runPromise)
      ),
      { numRuns: 60 }
    ))

  for (const linesMax of [1, 1000]) {
    it.live(`hands over what is longer than a line may be, cut, and the lines behind it (${linesMax} at once)`, () =>
      Effect.gen(function* () {
        const filler = "x".repeat(60_000)
        const long = Array.from({ length: 60 }, (_, index) => line(index, filler))
        // The line breaks between the second line and the fiftieth are lost: one run of three megabytes.
        const folder = yield* damaged([...long, ...lines(3)], (bytes) => {
          for (const start of startsOf(bytes).slice(2, 50)) bytes[start - 1] = 32
          return bytes
        })
        const found = yield* on(folder, readFrom(undefined, linesMax))
        assert.deepStrictEqual(
          found.filter((each) => each.length < lineBytesMax - 5),
          [line(0, filler), ...long.slice(50), ...lines(3)]
        )
        assert.strictEqual(found.length, 15)
      })
    )
  }

  it.live("hands over a segment that ends in half a line, and the segments behind it", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* on(folder, appendAll(lines(40)), 500)
      const file = segmentOf(folder, 2)
      const bytes = fs.readFileSync(file)
      fs.truncateSync(file, bytes.length - 10)
      const found = yield* on(folder, readFrom(undefined, 100), 500)
      assert.strictEqual(found.length, 40)
      assert.strictEqual(lines(40).filter((each) => !found.includes(each)).length, 1)
    })
  )

  it.live("is read whole from a place behind its end: such a place is of a log that was lost", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* on(folder, appendAll(lines(3)))
      for (const place of ["1.100000", "7.0"])
        assert.deepStrictEqual(yield* on(folder, readFrom(place, 100)), lines(3), place)
    })
  )

  it.live("without its checkpoints begins at the oldest line, and names the file of one that is none", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const saved = Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.saveCheckpoint("index", "0", "1.20")
        return yield* log.checkpoint("index", "0")
      })
      assert.strictEqual(yield* on(folder, saved), "1.20")
      const read = Effect.flatMap(EventLog, (log) => log.checkpoint("index", "0"))
      for (const text of ["", "\0\0\0\0", "1.2\n1", "shard-7"]) {
        fs.writeFileSync(join(folder, "checkpoints", "index.0"), text)
        const failure = yield* Effect.flip(on(folder, read))
        assert.strictEqual(failure.reason, "corrupt")
        assert.match(failure.detail, /checkpoints\/index\.0 holds no checkpoint: remove it/)
      }
      fs.rmSync(join(folder, "checkpoints"), { recursive: true })
      assert.isUndefined(yield* on(folder, read))
    })
  )
})
