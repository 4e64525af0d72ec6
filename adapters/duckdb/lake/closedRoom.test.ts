import { assert, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EventLake } from "../../../ports/analytics/EventLake.ts"
import { fill, lakeLine } from "../../../ports/analytics/EventLake.suite.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { layer } from "../EventLake.ts"
import { openRoom, selectRows } from "./closedRoom.ts"
import { readDay } from "./LakeFolder.ts"
import { RefusedStatement } from "./RefusedStatement.ts"
import { attempts, bombs, harmless, outside } from "./testing/escapes.ts"
import { viewNames, viewsOf } from "./viewText.ts"

const folder = join(fs.mkdtempSync(join(tmpdir(), "room-")), "lake")
const workspace = WorkspaceId.make("mine")
/** Stands in the other workspace's events, in a file beside the lake, and nowhere else. */
const secret = "nobody-else-may-see-this"
const secretFile = join(folder, "..", "secret.csv")

const ask = (sql: string, more: { readonly rowsMax?: number; readonly personalColumns?: boolean } = {}) =>
  Effect.flatMap(EventLake, (lake) =>
    lake.select({ workspace, sql, rowsMax: 100, merges: [], personalColumns: false, ...more })
  )

const rowsOf = (sql: string) => Effect.map(ask(sql), ({ rowsJson }) => JSON.parse(rowsJson) as ReadonlyArray<unknown>)

const prepared = Effect.gen(function* () {
  fs.writeFileSync(secretFile, `a\n${secret}\n`)
  yield* fill([
    lakeLine("mine", 1, { user_id: "ada", properties: { price: 3 } }),
    lakeLine("mine", 2, { properties: { price: 4 } }),
    lakeLine("mine", 3, { anonymous_id: "else", ip: "203.0.113.0" }),
    lakeLine("other", 4, { event_type: secret, anonymous_id: secret })
  ])
})

withLayer(layer({ folder, selectMillisMax: 2500 }), { excludeTestServices: true })("the closed room", (it) => {
  it.effect("answers a SELECT over its workspace's events, people joined as in every question", () =>
    Effect.gen(function* () {
      yield* prepared
      const sql = `with bought as (select *, (properties->>'price')::decimal(18, 2) as price from person_events)
        select person_id, count(*) as events, sum(price) as total, min("time") as first from bought group by 1 order by 1`
      const answer = yield* ask(sql)
      assert.deepStrictEqual(JSON.parse(answer.rowsJson), [
        ["ada", "2", "7.00", "2026-01-01 00:00:00"],
        ["else", "1", null, "2026-01-01 00:00:00"]
      ])
      assert.deepStrictEqual(answer.columns, [
        { name: "person_id", type: "VARCHAR" },
        { name: "events", type: "BIGINT" },
        { name: "total", type: "DECIMAL(38,2)" },
        { name: "first", type: "TIMESTAMP" }
      ])
      assert.deepStrictEqual([answer.rows, answer.truncatedBy], [3 - 1, undefined])
    })
  )

  it.effect("tells another state where other people are seen in the same files", () =>
    Effect.gen(function* () {
      const markOf = (more: object) => Effect.map(ask("select 1 as one", more), ({ state }) => state.watermark)
      const plain = yield* markOf({})
      assert.strictEqual(yield* markOf({ restricted: [] }), plain)
      const marks = [
        plain,
        yield* markOf({ restricted: ["ada"] }),
        yield* markOf({ restricted: ["ben"] }),
        yield* markOf({ merges: [{ from: "ada", into: "ben" }] })
      ]
      assert.strictEqual(new Set(marks).size, marks.length)
    })
  )

  it.effect("answers no more rows and bytes than its limits, and says so", () =>
    Effect.gen(function* () {
      const rows = yield* ask("select range from range(1000) order by 1", { rowsMax: 10 })
      assert.deepStrictEqual([rows.rows, rows.truncatedBy], [10, "rows"])
      const bytes = yield* ask("select repeat('x', 1000000) from range(30)")
      assert.deepStrictEqual([bytes.rows, bytes.truncatedBy], [8, "bytes"])
    })
  )

  it.effect("shows the columns of personal data to nobody who did not ask for them", () =>
    Effect.gen(function* () {
      const hidden = yield* Effect.flip(ask("select personal from events"))
      assert.include(hidden.detail, "personal")
      assert.notInclude(
        (yield* ask("select * from events")).columns.map(({ name }) => name),
        "ip"
      )
      const shown = yield* ask("select max(ip) from events", { personalColumns: true })
      assert.strictEqual(shown.rowsJson, '[["203.0.113.0"]]')
    })
  )

  const room = {
    folder,
    secret,
    secretFile,
    own: join(folder, "workspace=mine"),
    other: join(folder, "workspace=other")
  }

  const inputOf = Effect.promise(async () => {
    const { standing } = await readDay(folder, { workspace, day: "2026-01-01" }, 1)
    const paths = standing.map(({ path }) => path)
    const views = viewsOf({ workspace, paths, removing: [], personalColumns: false }, [])
    return { paths, views, viewNames, rowsMax: 100, bytesMax: 100_000 }
  })

  it.effect(`refuses ${attempts(room).length} attempts to get out of it, without a word of what is outside`, () =>
    Effect.gen(function* () {
      assert.isAtLeast(attempts(room).length, 100)
      const before = filesBelow(folder)
      const input = yield* inputOf
      for (const sql of attempts(room)) {
        const refusal = yield* Effect.promise(() =>
          selectRows({ ...input, sql }).then(
            ({ rowsJson }) => `answered ${rowsJson}`,
            (cause: unknown) => (cause instanceof RefusedStatement ? cause.message : `failed ${String(cause)}`)
          )
        )
        const shown = `${sql}\n${refusal}`
        assert.notMatch(refusal, /^(answered|failed)/, shown)
        for (const outside of [secret, "root:"]) assert.notInclude(refusal, outside, shown)
        if (!sql.includes(folder)) assert.notInclude(refusal, folder, shown)
      }
      assert.deepStrictEqual(filesBelow(folder), before)
    })
  )

  it.effect("has nothing to give where a statement is not judged first", () =>
    Effect.gen(function* () {
      const input = yield* inputOf
      for (const sql of outside(room)) {
        const answer = yield* Effect.promise(async () => {
          const connection = await openRoom(input)
          return connection.runAndReadAll(sql).then(
            (read) => JSON.stringify(read.getRowsJson()),
            (cause: unknown) => String(cause)
          )
        })
        assert.match(
          answer,
          /Permission Error|configuration has been locked|disabled|Catalog Error/,
          `${sql}\n${answer}`
        )
      }
    })
  )

  it.effect(
    "ends what takes too much memory or time, and goes on",
    () =>
      Effect.gen(function* () {
        for (const sql of bombs) {
          const failure = yield* Effect.flip(ask(sql))
          const named = failure instanceof PortFailure ? `${failure.reason} ${failure.detail}` : failure.detail
          assert.match(
            named,
            /^timeout .* 2500 ms|MB of memory|Out of Range|Invalid Input|Binder Error|Parser Error|expression/i,
            `${sql}: ${named}`
          )
        }
        for (const sql of harmless) assert.strictEqual((yield* rowsOf(sql)).length, 1)
        assert.deepStrictEqual(yield* rowsOf("select count(*)::integer from events"), [[3]])
      }),
    60_000
  )

  it.effect("refuses a statement where too many wait", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 14 }, () => Effect.result(ask("select count(*) from events")))
      const outcomes = yield* Effect.all(many, { concurrency: "unbounded" })
      const refused = outcomes.filter((outcome) => outcome._tag === "Failure")
      assert.strictEqual(refused.length, 4)
      for (const { failure } of refused) assert.strictEqual("reason" in failure && failure.reason, "overloaded")
    })
  )
})

const filesBelow = (path: string): ReadonlyArray<string> =>
  fs.readdirSync(path, { recursive: true, encoding: "utf8" }).toSorted()
