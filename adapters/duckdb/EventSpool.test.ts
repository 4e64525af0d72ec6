import { assert, describe, it } from "@effect/vitest"
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect, Layer, Stream } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fill, lakeLine } from "../../ports/analytics/EventLake.suite.ts"
import { EventSpool } from "../../ports/analytics/EventSpool.ts"
import type { SpoolOrder } from "../../ports/analytics/EventSpool.ts"
import { suite } from "../../ports/analytics/EventSpool.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import * as EventLake from "./EventLake.ts"
import { layer } from "./EventSpool.ts"

const newFolder = () => fs.mkdtempSync(join(tmpdir(), "event spool [a]'-"))
const layerIn = (folder: string) =>
  Layer.provideMerge(layer({ folder: join(folder, "exports") }), EventLake.layer({ folder: join(folder, "lake") }))

suite("files", () => layerIn(newFolder()))

const start = Date.UTC(2026, 0, 1)
const order: SpoolOrder = {
  workspace: WorkspaceId.make("w"),
  format: "parquet",
  columns: ["event_id", "time", "received_at", "historical", "amount_minor", "traits", "properties"],
  fromMillis: start,
  toMillis: start + 10 * 86_400_000,
  arrivedBeforeMicros: 4_000_000_000_000_000,
  filter: { kind: "and", filters: [] },
  escapesFormulas: true,
  clear: undefined
}

const describeFile = async (file: string) => {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  const path = `'${file.replaceAll("'", "''").replaceAll("[", "[[]")}'`
  const columns = await connection.runAndReadAll(`describe select * from read_parquet(${path})`)
  const rows = await connection.runAndReadAll(`select * from read_parquet(${path})`)
  connection.closeSync()
  instance.closeSync()
  return {
    types: Object.fromEntries(columns.getRowObjectsJson().map((each) => [each["column_name"], each["column_type"]])),
    rows: rows.getRowObjectsJson()
  }
}

/** The order's file as bytes of their own. */
const parquetOf = Effect.fnUntraced(function* (folder: string, name: string, asked: SpoolOrder) {
  const spool = yield* EventSpool
  const limits = { eventsMax: 100, bytesMax: 1_000_000 }
  for (const part of yield* spool.parts(name, asked)) yield* spool.writePart(name, asked, part, limits)
  const { bytes } = yield* spool.finish(name, asked)
  const file = join(folder, `${name}.parquet`)
  fs.writeFileSync(file, Buffer.concat(yield* Stream.runCollect(spool.read(name, 0, bytes))))
  return yield* Effect.promise(() => describeFile(file))
})

describe("a spooled Parquet file", () => {
  it.live(
    "is one file with the types of the lake, in order, also where values were made clear, and of no events",
    () => {
      const folder = newFolder()
      return Effect.gen(function* () {
        const money = { kind: "order", order_id: "1", minor: 4990, currency: "EUR" }
        yield* fill([
          lakeLine("w", 3, { time: start + 86_400_000 + 1, properties: { a: [1] } }),
          lakeLine("w", 1, { money, event_type: "order_completed", traits: { plan: "gold" } }),
          lakeLine("w", 2)
        ])
        const plain = yield* parquetOf(folder, "plain", order)
        assert.deepStrictEqual(plain.types, {
          event_id: "UUID",
          time: "TIMESTAMP",
          received_at: "TIMESTAMP",
          historical: "BOOLEAN",
          amount_minor: "BIGINT",
          traits: "JSON",
          properties: "JSON"
        })
        assert.deepStrictEqual(
          plain.rows.map(({ event_id }) => String(event_id).at(-1)),
          ["1", "2", "3"]
        )
        assert.deepStrictEqual(plain.rows[0], {
          event_id: "00000000-0000-4000-8000-000000000001",
          time: "2026-01-01 00:00:00",
          received_at: "2026-01-01 00:00:00.000001",
          historical: false,
          amount_minor: "4990",
          traits: '{"plan":"gold"}',
          properties: "{}"
        })
        assert.deepStrictEqual(yield* parquetOf(folder, "clear", { ...order, clear: Effect.succeed }), plain)
        const none = yield* parquetOf(folder, "none", { ...order, workspace: WorkspaceId.make("nobody") })
        assert.deepStrictEqual(none, { types: plain.types, rows: [] })
      }).pipe(Effect.provide(layerIn(folder)))
    }
  )
})
