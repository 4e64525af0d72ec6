import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { IdTable } from "./IdTable.ts"

const word = fc.nat(0xffffffff)

describe("IdTable", () => {
  it("holds what was added and nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 500 }), word, word, (pairs, high, low) => {
        const table = new IdTable()
        const held = new Set<string>()
        for (const [one, other] of pairs) {
          assert.strictEqual(table.add(one, other), !held.has(`${one}|${other}`))
          held.add(`${one}|${other}`)
        }
        assert.strictEqual(table.has(high, low), held.has(`${high}|${low}`))
        assert.strictEqual(table.size, held.size)
      })
    )
  })

  it("holds the hash 0 and a hundred thousand others", () => {
    const table = new IdTable()
    assert.isFalse(table.has(0, 0))
    for (let at = 0; at < 100_000; at += 1) assert.isTrue(table.add(Math.imul(at, 7919) >>> 0, at))
    assert.isTrue(table.has(0, 0))
    assert.isFalse(table.add(0, 0))
    for (let at = 0; at < 100_000; at += 1) assert.isTrue(table.has(Math.imul(at, 7919) >>> 0, at))
    assert.isFalse(table.has(1, 1))
  })
})
