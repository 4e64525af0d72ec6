import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Fiber } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DiskEventLog from "../adapters/disk/EventLog.ts"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { makePartStates, PartStates } from "../ports/platform/PartStates.ts"
import { PortFailure } from "../ports/PortFailure.ts"
import { consume } from "./consume.ts"
import { consumerLagMillisMax, ConsumerState } from "./ConsumerState.ts"

const lineFrom = (millis: number) => JSON.stringify({ v: 1, received_at: millis * 1000 })
const full = new PortFailure({ port: "EventStore", operation: "insert", reason: "full", detail: "no room" })

describe("a consumer", () => {
  it.live("tries again after a failure and after a bug, naming itself until it goes on", () =>
    Effect.gen(function* () {
      const parts = makePartStates()
      const log = yield* EventLog
      yield* log.append([{ key: "k", line: lineFrom((yield* Clock.currentTimeMillis) + 1000) }])
      const taken = yield* Deferred.make<ReadonlyArray<string>>()
      const endings = [Effect.fail(full), Effect.die(new Error("a bug"))]
      const seen: Array<unknown> = []
      const consumer = consume({
        name: "test",
        linesMax: 10,
        gatherMillis: 0,
        position: () => log.checkpoint("test", "0"),
        take: ({ lines }) => {
          seen.push(parts.read().map(({ name, reason, status }) => ({ name, reason, status })))
          return endings.shift() ?? Effect.asVoid(Deferred.succeed(taken, lines))
        }
      })
      const fiber = yield* Effect.forkChild(Effect.provideService(consumer, PartStates, parts))
      assert.strictEqual((yield* Deferred.await(taken)).length, 1)
      yield* Effect.sleep(20)
      assert.deepStrictEqual(seen, [
        [{ name: "consumer_test", reason: undefined, status: "ok" }],
        [{ name: "consumer_test", reason: "full", status: "degraded" }],
        [{ name: "consumer_test", reason: "defect", status: "degraded" }]
      ])
      assert.deepStrictEqual(parts.read(), [{ name: "consumer_test", status: "ok" }])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(parts.read(), [])
    }).pipe(Effect.provide(DiskEventLog.layer({ folder: mkdtempSync(join(tmpdir(), "consume-")) })))
  )

  it.live("takes lines together that come one by one", () =>
    Effect.gen(function* () {
      const log = yield* EventLog
      const append = Effect.flatMap(Clock.currentTimeMillis, (now) => log.append([{ key: "k", line: lineFrom(now) }]))
      const sizes: Array<number> = []
      const first = yield* Deferred.make<void>()
      const all = yield* Deferred.make<void>()
      const consumer = consume({
        name: "test",
        linesMax: 10,
        gatherMillis: 1000,
        position: () => log.checkpoint("test", "0"),
        take: ({ lines }) => {
          sizes.push(lines.length)
          const total = sizes.reduce((sum, size) => sum + size, 0)
          return Effect.asVoid(Deferred.succeed(total === 4 ? all : first, undefined))
        }
      })
      yield* append
      const fiber = yield* Effect.forkChild(Effect.provideService(consumer, PartStates, makePartStates()))
      yield* Deferred.await(first)
      for (const each of [append, append, append]) yield* each
      yield* Deferred.await(all)
      assert.deepStrictEqual(sizes, [1, 3])
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(DiskEventLog.layer({ folder: mkdtempSync(join(tmpdir(), "consume-")) })))
  )
})

describe("a consumer's state", () => {
  const now = 1_000_000_000

  it("is starting until all is taken that the log held at its start", () => {
    const state = new ConsumerState(now)
    state.reading([lineFrom(now - 1)])
    state.took("1")
    assert.deepInclude(state.partState(now), { status: "starting", reason: "behind" })
    state.reading([lineFrom(now)])
    assert.deepInclude(state.partState(now), { status: "ok" })
    const idle = new ConsumerState(now)
    idle.reachedEnd()
    assert.deepInclude(idle.partState(now), { status: "ok" })
  })

  it("is degraded once it is further behind than its limit", () => {
    const state = new ConsumerState(now)
    state.reading([lineFrom(now)])
    assert.deepInclude(state.partState(now + consumerLagMillisMax), { status: "ok" })
    assert.deepEqual(state.partState(now + consumerLagMillisMax + 1), {
      status: "degraded",
      reason: "behind",
      since: now
    })
  })

  it("pauses longer with each failure in a row, and briefly again after a success", () => {
    const state = new ConsumerState(now)
    const pauses = Array.from({ length: 6 }, () => state.failed(Cause.fail(full), 0))
    assert.deepStrictEqual(pauses, [500, 1000, 2000, 4000, 5000, 5000])
    state.took("1")
    assert.strictEqual(state.failed(Cause.fail(full), 0), 500)
  })
})
