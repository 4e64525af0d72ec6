import { assert, describe, it } from "@effect/vitest"
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect, Result } from "effect"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventStore } from "../../ports/analytics/EventStore.ts"
import { suite } from "../../ports/analytics/EventStore.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { layer } from "./EventStore.ts"

const file = () => join(mkdtempSync(join(tmpdir(), "event-store-")), "events.duckdb")

suite("DuckDB", layer({ file: file() }))

describe("the file of DuckDB", () => {
  const line = `{"v":1,"event_id":"00000000-0000-4000-8000-000000000001","workspace":"w","event_type":"a","anonymous_id":"d","time":1,"received_at":1000,"index":0,"timestamp":1,"properties":{}}`
  const fill = Effect.flatMap(EventStore, (store) => store.insert({ partition: "0", through: "5", lines: [line] }))

  it.effect("keeps ids and positions when it is opened again", () =>
    Effect.gen(function* () {
      const here = file()
      yield* Effect.provide(fill, layer({ file: here }))
      const again = yield* Effect.provide(fill, layer({ file: here }))
      assert.deepStrictEqual(again, { inserted: 0, duplicates: 1, rejected: [] })
    })
  )

  it.effect("is made anew, without a position, when it cannot be read", () =>
    Effect.gen(function* () {
      const here = file()
      yield* Effect.provide(fill, layer({ file: here }))
      writeFileSync(here, "no database")
      const position = Effect.flatMap(EventStore, (store) => store.position("0"))
      assert.isUndefined(yield* Effect.provide(position, layer({ file: here })))
    })
  )

  it.effect("is made anew, without a position, when it is of another version of the program", () =>
    Effect.gen(function* () {
      const here = file()
      yield* Effect.provide(fill, layer({ file: here }))
      yield* Effect.promise(async () => {
        const instance = await DuckDBInstance.create(here)
        const connection = await instance.connect()
        await connection.run("update version set version = 1")
        connection.closeSync()
        instance.closeSync()
      })
      const position = Effect.flatMap(EventStore, (store) => store.position("0"))
      assert.isUndefined(yield* Effect.provide(position, layer({ file: here })))
      yield* Effect.provide(fill, layer({ file: here }))
      assert.strictEqual(yield* Effect.provide(position, layer({ file: here })), "5")
    })
  )

  it.effect(
    "finds a hundred lines that the engine cannot read among ten thousand, and the same ones at every try",
    () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const of = (number: number, more: object) =>
          JSON.stringify({
            ...(JSON.parse(line) as object),
            event_id: `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`,
            ...more
          })
        const bad = (number: number) =>
          of(number, number % 200 === 50 ? { index: 3_000_000_000 } : { properties: { text: "\ud800" } })
        const lines = Array.from({ length: 10_000 }, (_, number) =>
          number % 100 === 50 ? bad(number) : of(number, { properties: { zero: "\0", huge: 1e300 } })
        )
        const poison = lines.filter((_, number) => number % 100 === 50)
        const batch = { partition: "0", through: "9" }
        const first = yield* store.insert({ ...batch, lines })
        assert.sameMembers(
          first.rejected.map((each) => each.line),
          poison
        )
        assert.deepStrictEqual(yield* store.insert({ ...batch, lines }), first)
        const good = lines.filter((each) => !poison.includes(each))
        assert.deepStrictEqual(yield* store.insert({ ...batch, lines: good }), {
          inserted: good.length,
          duplicates: 0,
          rejected: []
        })
      }).pipe(Effect.provide(layer({ file: file() })))
  )

  it.effect("is made anew after a start or two when any of its blocks is damaged, and is never half right", () =>
    Effect.gen(function* () {
      const here = file()
      const count = 20_000
      const lines = Array.from({ length: count }, (_, number) =>
        line.replace("000000000001", number.toString(16).padStart(12, "0")).replace('"d"', `"d${number}"`)
      )
      const insert = Effect.flatMap(EventStore, (store) => store.insert({ partition: "0", through: "5", lines }))
      yield* Effect.provide(insert, layer({ file: here }))
      const whole = readFileSync(here)
      const look = Effect.gen(function* () {
        const store = yield* EventStore
        if ((yield* store.position("0")) === undefined) return "anew"
        const people = yield* store.people({ workspace: WorkspaceId.make("w"), limit: 100_000 })
        return people.length
      })
      let unread = 0
      for (let part = 0.05; part < 1; part += 0.1) {
        const bytes = Buffer.from(whole)
        bytes[Math.floor(bytes.length * part)]! ^= 64
        writeFileSync(here, bytes)
        const first = yield* Effect.result(Effect.provide(look, layer({ file: here })))
        if (Result.isSuccess(first)) assert.include(["anew", count], first.success)
        else {
          unread += 1
          assert.strictEqual(first.failure.reason, "corrupt")
          assert.strictEqual(yield* Effect.provide(look, layer({ file: here })), "anew")
        }
      }
      assert.isAbove(unread, 0)
    })
  )
})
