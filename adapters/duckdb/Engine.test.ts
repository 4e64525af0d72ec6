import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { make } from "./Engine.ts"
import type { Engine } from "./Engine.ts"

const file = () => join(mkdtempSync(join(tmpdir(), "engine-")), "events.duckdb")

/** No file of this process grows meanwhile: the kernel answers as it does on a full disk. */
const onFullDisk = <A, E>(body: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  const limit = (bytes: string) => Effect.sync(() => execFileSync("prlimit", ["--pid", String(process.pid), bytes]))
  return Effect.acquireUseRelease(
    limit("--fsize=1:"),
    () => body,
    () => limit("--fsize=unlimited:")
  )
}

const insertRow = (engine: Engine) =>
  engine.write("insert", (connection) => connection.run("insert into store.positions values ('0', 'x')"))
const countRows = (engine: Engine) =>
  Effect.map(engine.query("count", "select count(*)::integer as n from store.positions"), (rows) => rows[0]?.["n"])

describe("the engine of DuckDB", () => {
  it.live("goes on by itself after a checkpoint has failed on a full disk, with all that was committed", () =>
    Effect.gen(function* () {
      const engine = yield* make({ file: file() })
      yield* insertRow(engine)
      const checkpoint = engine.write("checkpoint", (connection) => connection.run("checkpoint store"))
      const failure = yield* Effect.flip(onFullDisk(checkpoint))
      assert.strictEqual(failure.reason, "full")
      assert.strictEqual(yield* countRows(engine), 1)
      yield* insertRow(engine)
      yield* checkpoint
      assert.strictEqual(yield* countRows(engine), 2)
    }).pipe(Effect.scoped)
  )

  it.live("stays open to questions while the disk is full", () =>
    Effect.gen(function* () {
      const engine = yield* make({ file: file() })
      yield* insertRow(engine)
      const seen = yield* onFullDisk(
        Effect.gen(function* () {
          const checkpoint = engine.write("checkpoint", (connection) => connection.run("checkpoint store"))
          yield* Effect.flip(checkpoint)
          const before = yield* countRows(engine)
          assert.strictEqual((yield* Effect.flip(insertRow(engine))).reason, "full")
          return [before, yield* countRows(engine)]
        })
      )
      assert.deepStrictEqual(seen, [1, 1])
      yield* insertRow(engine)
      assert.strictEqual(yield* countRows(engine), 2)
    }).pipe(Effect.scoped)
  )

  it.live("frees the place of a question whose caller has gone", () =>
    Effect.gen(function* () {
      const engine = yield* make({ file: file() })
      const long = engine.query("long", "select count(*) from range(100000000) a, range(100000) b")
      for (let round = 0; round < 5; round += 1) {
        const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(long))
        yield* Effect.sleep(50)
        yield* Fiber.interruptAll(fibers)
      }
      assert.strictEqual(yield* countRows(engine), 0)
    }).pipe(Effect.scoped)
  )

  it.live("has one thread while nobody asks, and all of them for a question", () =>
    Effect.gen(function* () {
      const engine = yield* make({ file: file(), threads: 3 })
      const threads = "select current_setting('threads')::integer as n"
      const seen = Effect.map(engine.lookUp("threads", threads), (rows) => Number(rows[0]?.["n"]))
      yield* seen.pipe(Effect.repeat({ until: (count) => count === 1, schedule: Schedule.spaced("100 millis") }))
      assert.strictEqual((yield* engine.query("threads", threads))[0]?.["n"], 3)
      const insertRows = Effect.forEach([...Array(50).keys()], () => insertRow(engine), { discard: true })
      yield* Effect.all([insertRows, countRows(engine), countRows(engine)], { concurrency: 3 })
      yield* seen.pipe(Effect.repeat({ until: (count) => count === 1, schedule: Schedule.spaced("100 millis") }))
      assert.strictEqual(yield* countRows(engine), 50)
    }).pipe(Effect.scoped, Effect.timeout("20 seconds"))
  )
})
