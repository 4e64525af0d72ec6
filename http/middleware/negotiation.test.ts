import { assert, describe, it } from "vitest"
import { negotiate } from "./negotiation.ts"

const json = "application/json"
const svg = "image/svg+xml"
const of = (accept: string | undefined) => negotiate(accept, [json, svg])

describe("negotiate", () => {
  it("takes the first offer where nothing, everything or nothing readable is asked for", () => {
    for (const accept of [undefined, "", "*/*", "json", "*/*;q=2"]) assert.strictEqual(of(accept), json, accept)
  })

  it("takes what is wanted most, by weights and the most specific range", () => {
    assert.strictEqual(of("image/svg+xml"), svg)
    assert.strictEqual(of("application/json;q=0.5, image/svg+xml;q=0.9"), svg)
    assert.strictEqual(of("application/json, image/svg+xml"), json)
    assert.strictEqual(of("image/*;q=0.8, */*;q=0.1"), svg)
    assert.strictEqual(of("*/*, application/json;q=0"), svg)
    // As browsers ask for the source of an image.
    assert.strictEqual(of("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"), svg)
    // As browsers ask for a page.
    assert.strictEqual(of("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"), json)
  })

  it("has nothing for who accepts neither", () => {
    for (const accept of ["text/html", "image/png", "application/json;q=0", "image/*;q=0, text/plain"]) {
      assert.isUndefined(of(accept), accept)
    }
  })
})
