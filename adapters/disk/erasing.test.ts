import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { layer } from "./EventLog.ts"
import { copyLog } from "./EventLogCopy.ts"

const freshFolder = (): string => fs.mkdtempSync(join(tmpdir(), "event-log-erasing-"))

const on = <A>(folder: string, segmentBytesMax: number, body: Effect.Effect<A, PortFailure, EventLog>) =>
  Effect.provide(body, layer({ folder, segmentBytesMax }))

const line = (number: number, subject: string, filler = "") =>
  JSON.stringify({ v: 1, event_id: String(number), subject, filler, received_at: number * 1_000_000 })
const isOf =
  (...subjects: ReadonlyArray<string>) =>
  (text: string) =>
    subjects.some((subject) => text.includes(`"subject":"${subject}"`))

const append = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(EventLog, (log) =>
    Effect.gen(function* () {
      for (let at = 0; at < texts.length; at += 500)
        yield* log.append(texts.slice(at, at + 500).map((text) => ({ key: "k", line: text })))
    })
  )
const erase = (...subjects: ReadonlyArray<string>) => Effect.flatMap(EventLog, (log) => log.erase(isOf(...subjects)))
const readAll = (linesMax = 1000) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const lines: Array<string> = []
    let from: string | undefined
    for (;;) {
      const batch = yield* log.read({ partition: "0", from, linesMax, waitMillis: 0 })
      lines.push(...batch.lines)
      from = batch.through
      if (batch.lines.length === 0 && from === (yield* log.end("0"))) return lines
    }
  })
const bytesIn = (folder: string) =>
  fs
    .readdirSync(folder)
    .filter((name) => fs.statSync(join(folder, name)).isFile())
    .map((name) => fs.readFileSync(join(folder, name), "utf8"))
    .join("")

describe("erasing lines of the log on the disk", () => {
  it.live("leaves nothing of them in any file, the newest segment and a copy of the log included", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const texts = Array.from({ length: 50 }, (_, number) => line(number, number % 3 === 0 ? "ada" : "ben"))
      yield* on(
        folder,
        1000,
        Effect.gen(function* () {
          yield* append(texts)
          assert.include(bytesIn(folder), '"ada"')
          assert.deepStrictEqual(yield* erase("ada"), { kind: "rewritten", lines: 17 })
          assert.notInclude(bytesIn(folder), '"ada"')
          assert.deepStrictEqual(
            yield* readAll(),
            texts.filter((text) => !isOf("ada")(text))
          )
        })
      )
      const to = freshFolder()
      copyLog(folder, to)
      for (const each of [folder, to])
        assert.deepStrictEqual(
          yield* on(each, 1000, readAll(3)),
          texts.filter((text) => !isOf("ada")(text))
        )
    })
  )

  it.live("is what a filter over the lines would be, from every checkpoint, in segments of any size", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom("ada", "ben", "carl"), fc.integer({ min: 0, max: 300 })), {
            minLength: 1,
            maxLength: 60
          }),
          fc.integer({ min: 100, max: 3000 }),
          fc.subarray(["ada", "ben", "carl"]),
          fc.integer({ min: 1, max: 20 }),
          async (drawn, segmentBytesMax, erased, linesMax) => {
            const folder = freshFolder()
            const texts = drawn.map(([subject, length], number) => line(number, subject, "é".repeat(length)))
            const isErased = isOf(...erased)
            const read = on(
              folder,
              segmentBytesMax,
              Effect.gen(function* () {
                yield* append(texts)
                yield* erase(...erased)
                return yield* readAll(linesMax)
              })
            )
            const kept = texts.filter((text) => !isErased(text))
            assert.deepStrictEqual(await Effect.runPromise(read), kept)
            assert.deepStrictEqual(await Effect.runPromise(on(folder, segmentBytesMax, readAll(linesMax))), kept)
            fs.rmSync(folder, { recursive: true })
          }
        ),
        { numRuns: 60 }
      )
    )
  )

  it.live("lets readers through where more was erased than one read takes", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const filler = "x".repeat(10_000)
      const texts = [
        line(0, "ben"),
        ...Array.from({ length: 2500 }, (_, number) => line(number + 1, "ada", filler)),
        line(9000, "ben")
      ]
      yield* on(
        folder,
        64 * 1024 * 1024,
        Effect.gen(function* () {
          yield* append(texts)
          yield* erase("ada")
          assert.deepStrictEqual(yield* readAll(), [texts[0]!, texts.at(-1)!])
        })
      )
    })
  )

  it.live("keeps segments from retention whose last lines were erased", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const filler = "x".repeat(10_000)
      const texts = [
        line(1000, "ben"),
        ...Array.from({ length: 100 }, (_, number) => line(1001 + number, "ada", filler))
      ]
      yield* on(
        folder,
        64 * 1024 * 1024,
        Effect.gen(function* () {
          const log = yield* EventLog
          yield* append(texts)
          yield* erase("ada")
          assert.deepStrictEqual(yield* log.dropBefore(1_000_000), { segments: 0 })
          assert.deepStrictEqual(yield* readAll(), [texts[0]!])
          assert.deepStrictEqual(yield* log.dropBefore(1_000_001), { segments: 1 })
        })
      )
    })
  )

  it.live("goes on while lines come in and are read", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const texts = Array.from({ length: 2000 }, (_, number) => line(number, number % 2 === 0 ? "ada" : "ben"))
      yield* on(
        folder,
        20_000,
        Effect.gen(function* () {
          const writing = yield* Effect.forkChild(
            Effect.forEach(texts, (text) => append([text]), { concurrency: 8, discard: true })
          )
          for (let round = 0; round < 10; round += 1) {
            yield* erase("ada")
            const lines = yield* readAll()
            assert.isTrue(lines.every((text) => texts.includes(text)))
            yield* Effect.sleep(5)
          }
          yield* Fiber.join(writing)
          yield* erase("ada")
          const lines = yield* readAll()
          assert.deepStrictEqual(lines.toSorted(), texts.filter((text) => !isOf("ada")(text)).toSorted())
        })
      )
    })
  )

  it.live("removes at the next start what a crash left of a rewriting", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* on(folder, 1000, append([line(1, "ada")]))
      const leftover = join(folder, "000000000001.rewriting")
      fs.writeFileSync(leftover, line(1, "ada"))
      yield* on(folder, 1000, Effect.void)
      assert.isFalse(fs.existsSync(leftover))
    })
  )
})
