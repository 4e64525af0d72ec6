import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { SortedIds } from "./SortedIds.ts"

const wordsOf = (hash: bigint) => [Number(hash >> 32n), Number(hash & 0xffffffffn)] as const
const hash = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.bigInt(0n, 40n),
  fc.bigInt(2n ** 64n - 40n, 2n ** 64n - 1n),
  fc.bigInt(2n ** 44n - 3n, 2n ** 44n + 3n)
)

describe("SortedIds", () => {
  it("holds what was appended and nothing else, in whatever pieces it came", () => {
    fc.assert(
      fc.property(
        fc.array(hash, { maxLength: 200 }),
        fc.array(hash),
        fc.integer({ min: 1, max: 50 }),
        (held, asked, piece) => {
          const sorted = held.toSorted((a, b) => (a < b ? -1 : 1))
          const ids = new SortedIds(sorted.length)
          for (let at = 0; at < sorted.length; at += piece)
            ids.append(BigUint64Array.from(sorted.slice(at, at + piece)))
          assert.strictEqual(ids.size, held.length)
          for (const each of [...held, ...asked]) assert.strictEqual(ids.has(...wordsOf(each)), held.includes(each))
        }
      )
    )
  })
})
