import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import { builtTracker, trackerFile } from "./tracker.ts"

const gzipBytesMax = 3000
const kept = readFileSync(trackerFile, "utf8")

describe("the tracker", () => {
  it("is what its source says: npm run tracker builds it", () => assert.strictEqual(kept, builtTracker()))

  it(`has ${gzipBytesMax} bytes at the most, packed`, () =>
    assert.isAtMost(gzipSync(kept, { level: 9 }).length, gzipBytesMax))

  it("keeps nothing in the browser and makes no code", () => {
    for (const word of ["cookie", "localStorage", "sessionStorage", "indexedDB", "eval", "Function(", "innerHTML"])
      assert.notInclude(kept, word)
  })
})
