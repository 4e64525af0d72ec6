import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteVisitorSalts from "../../adapters/sqlite/VisitorSalts.ts"
import { VisitorIds } from "../../ports/analytics/VisitorIds.ts"
import type { Visitor } from "../../ports/analytics/VisitorIds.ts"
import { VisitorSalts } from "../../ports/privacy/VisitorSalts.ts"
import { layer } from "./VisitorIds.ts"

const world = () =>
  Layer.provideMerge(
    layer,
    SqliteVisitorSalts.layer({ file: join(mkdtempSync(join(tmpdir(), "visitors-")), "visitors.sqlite") })
  )
const ada: Visitor = { workspace: "default", ip: "203.0.113.7", userAgent: "Firefox" }
const day = Date.parse("2026-11-25T00:00:00Z")
const today = day / 86_400_000
const minute = 60_000

/** Whose visits come at these minutes of the day, before 0 of the day before: their ids. */
const idsAt = Effect.fnUntraced(function* (visits: ReadonlyArray<readonly [minutes: number, visitor?: Visitor]>) {
  const ids = yield* VisitorIds
  const found: Array<string | undefined> = []
  for (const [minutes, visitor = ada] of visits) {
    yield* TestClock.setTime(day + minutes * minute)
    found.push(ids.idOf(visitor, day + minutes * minute))
  }
  return found
})

const inWorld = <A, E>(body: Effect.Effect<A, E, VisitorIds | VisitorSalts>, startMinutes = -120) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(day + startMinutes * minute)
    return yield* Effect.gen(function* () {
      yield* Effect.flatMap(VisitorIds, (ids) => ids.load(day + startMinutes * minute))
      return yield* body
    }).pipe(Effect.provide(world()))
  })

describe("VisitorIds", () => {
  it.effect("are the same for a visitor all day, and tell neither address nor user agent", () =>
    Effect.gen(function* () {
      const [first, second] = yield* inWorld(idsAt([[-110], [-90]]))
      assert.match(first!, /^c_[0-9a-f]{32}$/)
      assert.strictEqual(second, first)
    })
  )

  it.effect("differ by address, user agent and workspace, and from installation to installation", () =>
    Effect.gen(function* () {
      const visits = [
        [-100],
        [-100, { ...ada, ip: "203.0.113.8" }],
        [-100, { ...ada, userAgent: "Chrome" }],
        [-100, { ...ada, workspace: "other" }]
      ] as const
      const ids = [...(yield* inWorld(idsAt(visits))), ...(yield* inWorld(idsAt([[-100]])))]
      assert.strictEqual(new Set(ids).size, 5)
    })
  )

  it.effect("change at midnight UTC, but for a visit that goes on", () =>
    Effect.gen(function* () {
      const [before, at, later] = yield* inWorld(idsAt([[-10], [20], [49]]))
      assert.deepStrictEqual([at, later], [before, before])
      const [evening, morning] = yield* inWorld(idsAt([[-31], [0]]))
      assert.isDefined(morning)
      assert.notStrictEqual(morning, evening)
      const [late, paused, again] = yield* inWorld(idsAt([[-20], [11], [12]]))
      assert.notStrictEqual(paused, late)
      assert.strictEqual(again, paused)
    })
  )

  it.effect("rest on no salt of yesterday once no visit needs it, at noon at the latest", () =>
    inWorld(
      Effect.gen(function* () {
        const salts = yield* VisitorSalts
        const yesterdayHeld = Effect.fnUntraced(function* (minutes: number) {
          yield* TestClock.setTime(day + minutes * minute)
          return (yield* salts.get(today - 1)) !== undefined
        })
        yield* idsAt([[-5], [20]])
        assert.isTrue(yield* yesterdayHeld(45))
        assert.isFalse(yield* yesterdayHeld(52))
        yield* idsAt([[1435], ...Array.from({ length: 30 }, (_, index) => [1440 + index * 25] as const)])
        assert.isDefined(yield* salts.get(today + 1))
        assert.isUndefined(yield* salts.get(today))
      })
    )
  )

  it.effect("survive a restart, and wait for a salt that is not there", () =>
    inWorld(
      Effect.gen(function* () {
        const ids = yield* VisitorIds
        const skipped = day + 5 * 86_400_000
        assert.isUndefined(ids.idOf(ada, skipped))
        yield* ids.load(skipped)
        const id = ids.idOf(ada, skipped)
        const again = yield* Effect.gen(function* () {
          const restarted = yield* VisitorIds
          yield* restarted.load(skipped)
          return restarted.idOf(ada, skipped)
        }).pipe(Effect.provide(Layer.fresh(layer)))
        assert.isDefined(id)
        assert.strictEqual(again, id)
      })
    )
  )
})
