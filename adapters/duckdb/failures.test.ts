import { assert, describe, it } from "vitest"
import { DuckDBInstance } from "@duckdb/node-api"
import { duckdbFailure } from "./failures.ts"

describe("a failure of DuckDB", () => {
  it("says what went wrong without the statement and its values", async () => {
    const instance = await DuckDBInstance.create(":memory:")
    const connection = await instance.connect()
    for (const sql of [
      "select cast('Ada Lovelace' as integer)",
      "select * from nowhere where name = 'Ada Lovelace'",
      "select date 'Ada Lovelace'",
      "select 1 +"
    ]) {
      const cause = await connection.run(sql).catch((each: unknown) => each)
      const failure = duckdbFailure("answer", cause)
      assert.isAbove(failure.detail.length, 10)
      for (const text of [failure.detail, failure.message, String(failure.cause), String(failure.stack)]) {
        assert.notInclude(text, "Lovelace", sql)
        assert.notInclude(text, "select", sql)
      }
    }
    connection.closeSync()
    instance.closeSync()
  })

  it("keeps the name of its own file", () => {
    const cause = new Error(`IO Error: Could not write file "/srv/data/events.duckdb.wal": No space left on device`)
    assert.deepInclude(duckdbFailure("insert", cause), { reason: "full", detail: cause.message })
  })
})
