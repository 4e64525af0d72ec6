import { assert, describe, it } from "@effect/vitest"
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventLake } from "../../ports/analytics/EventLake.ts"
import { fill, lakeLine, suite } from "../../ports/analytics/EventLake.suite.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { layer } from "./EventLake.ts"

const newFolder = () => join(fs.mkdtempSync(join(tmpdir(), "event lake [a]'-")), "lake")

suite("Parquet", () => layer({ folder: newFolder() }))

const workspace = WorkspaceId.make("w")
const day = "workspace=w/day=2026-01-01"
const namesOf = (folder: string) => fs.readdirSync(join(folder, day)).toSorted()

const rowsOf = async (folder: string, columns: string) => {
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  // As text: the folder's name is one that the engine takes for a pattern.
  const paths = namesOf(folder).map(
    (name) => `'${join(folder, day, name).replaceAll("'", "''").replaceAll("[", "[[]")}'`
  )
  const read = await connection.runAndReadAll(
    `select ${columns} from read_parquet([${paths.join(", ")}]) order by event_id`
  )
  connection.closeSync()
  instance.closeSync()
  return read.getRowObjectsJson()
}

describe("the folder of the lake", () => {
  const inLake = <A, E>(folder: string, work: Effect.Effect<A, E, EventLake>) =>
    Effect.provide(work, layer({ folder, filesMergedAt: 3 }))
  const events = Effect.flatMap(EventLake, (lake) =>
    Effect.map(lake.days(workspace), (days) => days.reduce((sum, each) => sum + each.events, 0))
  )

  it.live("makes one file of many small ones of a day, sorted by arrival, and none is lost", () =>
    Effect.gen(function* () {
      const folder = newFolder()
      const numbers = [3, 1, 2, 4]
      yield* inLake(
        folder,
        Effect.gen(function* () {
          for (const number of numbers) yield* fill([lakeLine("w", number)])
          assert.strictEqual(yield* events, numbers.length)
        })
      )
      assert.strictEqual(namesOf(folder).length, 2)
      assert.strictEqual(yield* inLake(folder, events), numbers.length)
    })
  )

  it.live("takes away what a writing left that did not come to its end, and half files", () =>
    Effect.gen(function* () {
      const folder = newFolder()
      yield* inLake(folder, fill([lakeLine("w", 1)]))
      const [name] = namesOf(folder)
      fs.copyFileSync(join(folder, day, name!), join(folder, day, name!.replaceAll("0000000001", "0000000002")))
      fs.writeFileSync(join(folder, "scratch", "2-2.parquet"), "half")
      assert.strictEqual(yield* inLake(folder, events), 1)
      assert.deepStrictEqual(namesOf(folder), [name])
      assert.deepStrictEqual(fs.readdirSync(join(folder, "scratch")), [])
    })
  )

  it.live("is filled again without a second copy of any event where its progress is lost", () =>
    Effect.gen(function* () {
      const folder = newFolder()
      const lines = [lakeLine("w", 1), lakeLine("w", 2)]
      yield* inLake(folder, fill(lines))
      fs.writeFileSync(join(folder, "progress.json"), "{")
      const again = Effect.gen(function* () {
        assert.isUndefined(yield* (yield* EventLake).position("0"))
        yield* fill([...lines, lakeLine("w", 3)])
        return yield* events
      })
      assert.strictEqual(yield* inLake(folder, again), 3)
    })
  )

  it.live("goes on with a removal that a crash broke off", () =>
    Effect.gen(function* () {
      const folder = newFolder()
      yield* inLake(folder, fill([lakeLine("w", 1, { user_id: "ada" }), lakeLine("w", 2)]))
      const removing = join(folder, "workspace=w", "removing.json")
      fs.writeFileSync(removing, JSON.stringify([{ kind: "subjects", userIds: ["ada"], anonymousIds: [] }]))
      const ended = Effect.gen(function* () {
        while (fs.existsSync(removing)) yield* Effect.sleep(20)
        return yield* events
      })
      assert.strictEqual(yield* inLake(folder, ended), 1)
      assert.deepStrictEqual(
        (yield* Effect.promise(() => rowsOf(folder, "event_id::varchar as id"))).map((row) => String(row["id"]).at(-1)),
        ["2"]
      )
    })
  )

  it.live("keeps sealed values apart from the columns that everybody reads", () =>
    Effect.gen(function* () {
      const folder = newFolder()
      const sealed = { $pii: "c2VhbGVk", $index: "ab", $domain: "example.com" }
      const line = lakeLine("w", 1, {
        user_id: "ada",
        traits: { email: sealed, plan: "gold" },
        properties: { to: [sealed] }
      })
      yield* inLake(folder, fill([line]))
      const [row] = yield* Effect.promise(() => rowsOf(folder, "traits, properties, personal"))
      assert.deepStrictEqual(JSON.parse(String(row?.["traits"])), { email: { encrypted: true }, plan: "gold" })
      assert.deepStrictEqual(JSON.parse(String(row?.["properties"])), { to: [{ encrypted: true }] })
      const personal = JSON.parse(String(row?.["personal"])) as Record<string, string>
      const opened = Object.entries(personal).map(([field, reference]) => [
        field,
        JSON.parse(Buffer.from(reference.slice(5, -1), "base64url").toString()) as unknown
      ])
      const id = "00000000-0000-4000-8000-000000000001"
      assert.deepStrictEqual(opened, [
        ["properties.to.0", ["ada", id, "properties.to.0", "c2VhbGVk"]],
        ["traits.email", ["ada", id, "traits.email", "c2VhbGVk"]]
      ])
    })
  )
})
