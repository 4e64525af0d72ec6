import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { EventLog } from "../../ports/analytics/EventLog.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { layer } from "./EventLog.ts"
import type { LogCopy } from "./EventLogCopy.ts"
import { copyLog } from "./EventLogCopy.ts"

const freshFolder = (): string => fs.mkdtempSync(join(tmpdir(), "log-copy-"))
const segmentBytesMax = 2000
const writers = 8

const append = (number: number) =>
  Effect.flatMap(EventLog, (log) =>
    log.append([
      { key: "k", line: JSON.stringify({ v: 1, event_id: String(number), received_at: number * 1_000_000 }) }
    ])
  )

/** The copy in a thread of its own: the writer goes on beside it, as another process would. */
const copyBeside = (from: string, to: string): Promise<LogCopy> =>
  new Promise((done, failed) => {
    const code = `
      const { parentPort, workerData } = require("node:worker_threads")
      import(workerData.module).then(({ copyLog }) => parentPort.postMessage(copyLog(workerData.from, workerData.to)))`
    const module = new URL("EventLogCopy.ts", import.meta.url).href
    const worker = new Worker(code, { eval: true, workerData: { module, from, to } })
    worker.once("message", done)
    worker.once("error", failed)
  })

const readIds = (folder: string) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const ids: Array<number> = []
    let from: string | undefined
    for (;;) {
      const batch = yield* log.read({ partition: "0", from, linesMax: 1000, waitMillis: 0 })
      if (batch.lines.length === 0) return ids
      ids.push(...batch.lines.map((line) => Number((JSON.parse(line) as { event_id: string }).event_id)))
      from = batch.through
    }
  }).pipe(Effect.provide(layer({ folder, segmentBytesMax })))

/** Appends until the copy is done; `beside` runs after every hundredth line. Answers what was acknowledged before it. */
const copyUnderLoad = (folder: string, to: string, beside: Effect.Effect<unknown, PortFailure, EventLog>) =>
  Effect.gen(function* () {
    let next = 0
    const before = 2000
    for (; next < before; next += 1) yield* append(next)
    let copied: LogCopy | undefined
    const copying = copyBeside(folder, to).then((copy) => (copied = copy))
    const write = Effect.gen(function* () {
      while (copied === undefined) {
        const number = next++
        yield* append(number)
        if (number % 100 === 0) yield* beside
      }
    })
    yield* Effect.all(
      Array.from({ length: writers }, () => write),
      { concurrency: "unbounded", discard: true }
    )
    return { copy: yield* Effect.promise(() => copying), before, written: next }
  }).pipe(Effect.provide(layer({ folder, segmentBytesMax })))

describe("a copy of a log that is being written to", () => {
  it.live("holds every line acknowledged before it began, over rolls, and goes on where it ends", () =>
    Effect.gen(function* () {
      const [folder, to] = [freshFolder(), freshFolder()]
      const { before, copy, written } = yield* copyUnderLoad(folder, to, Effect.void)
      assert.isAbove(written, before)
      const ids = yield* readIds(to)
      assert.strictEqual(ids.length, copy.lines)
      assert.deepStrictEqual(
        ids.slice(0, before),
        Array.from({ length: before }, (_, index) => index)
      )
      assert.deepStrictEqual(yield* Effect.map(readIds(folder), (all) => all.slice(0, ids.length)), ids)
      const end = yield* Effect.flatMap(EventLog, (log) => log.end("0")).pipe(
        Effect.provide(layer({ folder: to, segmentBytesMax }))
      )
      assert.strictEqual(end, copy.through)
      yield* append(-1).pipe(Effect.provide(layer({ folder: to, segmentBytesMax })))
      assert.deepStrictEqual(yield* readIds(to), [...ids, -1])
    })
  )

  it.live("has no hole where retention drops segments meanwhile", () =>
    Effect.gen(function* () {
      const [folder, to] = [freshFolder(), freshFolder()]
      const drop = Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.dropBefore(1000 * 1000)
      })
      const { before, copy } = yield* copyUnderLoad(folder, to, drop)
      const ids = yield* readIds(to)
      assert.strictEqual(ids.length, copy.lines)
      assert.isAtLeast(ids.at(-1)!, before - 1)
      const sorted = ids.toSorted((left, right) => left - right)
      assert.strictEqual(sorted.at(-1)! - sorted[0]! + 1, new Set(ids).size)
    })
  )
})

describe("a copy of a log at rest", () => {
  it.live("leaves out a torn end and takes checkpoints along", () =>
    Effect.gen(function* () {
      const [folder, to] = [freshFolder(), freshFolder()]
      yield* Effect.gen(function* () {
        for (const number of [0, 1, 2]) yield* append(number)
        const log = yield* EventLog
        yield* log.saveCheckpoint("index", "0", "1.50")
      }).pipe(Effect.provide(layer({ folder })))
      fs.appendFileSync(join(folder, "000000000001.log"), '{"v":1,"event')
      assert.deepInclude(copyLog(folder, to), { segments: 1, lines: 3 })
      assert.deepStrictEqual(yield* readIds(to), [0, 1, 2])
      const checkpoint = Effect.flatMap(EventLog, (log) => log.checkpoint("index", "0"))
      assert.strictEqual(yield* checkpoint.pipe(Effect.provide(layer({ folder: to }))), "1.50")
    })
  )

  it("of an empty folder is empty", () => {
    assert.deepStrictEqual(copyLog(freshFolder(), freshFolder()), { segments: 0, lines: 0, bytes: 0, through: "1.0" })
  })
})
