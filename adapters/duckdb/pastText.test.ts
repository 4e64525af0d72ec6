import { assert, describe, it } from "vitest"
import { pastText } from "./pastText.ts"

const tick = (table: string) => `(select * from store.${table} where tick <= 7)`

describe("pastText", () => {
  it("reads every table as of the tick, and leaves what clients have written", () => {
    assert.strictEqual(
      pastText("select 'it''s from store.events' from store.events e, store.links", "w", 7),
      `select 'it''s from store.events' from ${tick("events")} e, ${tick("links")}`
    )
    assert.strictEqual(
      pastText(`select "don't store.events ""a" from store.events where x = 'store.people'`, "w", 7),
      `select "don't store.events ""a" from ${tick("events")} where x = 'store.people'`
    )
    assert.strictEqual(pastText("from store.people p", "w", 7), "from past_people p")
    assert.strictEqual(pastText("from store.slots, store.events_x", "w", 7), "from store.slots, store.events_x")
    for (const table of ["payments", "activity", "account_changes", "names", "arrivals", "ever"])
      assert.include(pastText(`from store.${table}`, "w", 7), "tick <= 7")
  })
})
