import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventStore } from "../../ports/analytics/EventStore.ts"
import { suite } from "../../ports/analytics/EventStore.suite.ts"
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
})
