import { assert, describe, it } from "@effect/vitest"
import { unrestrictedText } from "./restricting.ts"

describe("a text that reads nothing of the restricted", () => {
  it("leaves out their rows wherever people do something, and texts of clients as they are", () => {
    const out = "where subject not in (select subject from store.restrictions)"
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
})
