import { DuckDBInstance } from "@duckdb/node-api"
import { assert, describe, it } from "@effect/vitest"
import { isUnrestricted, unrestrictedText } from "./restricting.ts"
import { schema } from "./schema.ts"

/** They tell who is who, and who is restricted: nobody does anything in them. */
const tablesOfIdentity = ["people", "restrictions"]

describe("a text that reads nothing of the restricted", () => {
  it("leaves out their rows wherever people do something, and texts of clients as they are", () => {
    const out = `where ${isUnrestricted}`
    assert.strictEqual(
      unrestrictedText("select 'store.events' from store.events e join store.people p using (subject)", false),
      `select 'store.events' from (select * from store.events ${out}) e join store.people p using (subject)`
    )
    assert.strictEqual(
      unrestrictedText("from store.payments", false),
      `from (select rowid, * from store.payments ${out})`
    )
    assert.strictEqual(unrestrictedText("from store.payments", true), `from (select * from store.payments ${out})`)
  })
  it("leaves them out of every table that says whose its rows are", async () => {
    const instance = await DuckDBInstance.create(":memory:")
    const connection = await instance.connect()
    await connection.run("attach ':memory:' as store")
    await connection.run(schema)
    const found = await connection.runAndReadAll(
      "select table_name as name from duckdb_columns() where database_name = 'store' and column_name = 'subject' order by 1"
    )
    const names = found.getRowObjectsJS().map(({ name }) => String(name))
    connection.closeSync()
    instance.closeSync()
    assert.includeMembers(names, ["events", "ever", "firsts", ...tablesOfIdentity])
    for (const name of names) {
      const text = `from store.${name}`
      assert.strictEqual(unrestrictedText(text, false) === text, tablesOfIdentity.includes(name), name)
    }
  })
})
