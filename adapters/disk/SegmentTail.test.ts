import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { SegmentTail, tailBytesMax } from "./SegmentTail.ts"

describe("SegmentTail", () => {
  it("reads what was added, from every line on, whatever the size of the groups", () => {
    const line = fc.stringMatching(/^[a-zé]{1,20}$/)
    fc.assert(
      fc.property(
        fc.array(fc.array(line, { minLength: 1, maxLength: 5 }), { minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 8 }),
        (groups, chance, linesMax) => {
          const tail = new SegmentTail()
          const starts: Array<number> = []
          let offset = 0
          for (const group of groups) {
            const bytes = Buffer.from(group.map((text) => `${text}\n`).join(""))
            tail.add({ segment: 1, offset }, bytes)
            let at = offset
            for (const text of group) {
              starts.push(at)
              at += Buffer.byteLength(text) + 1
            }
            offset += bytes.length
          }
          const all = groups.flat()
          const first = chance % all.length
          const read: Array<string> = []
          let from = starts[first]!
          while (from < offset) {
            const piece = tail.read({ segment: 1, offset: from }, linesMax)
            assert.isDefined(piece)
            assert.isAtMost(piece!.lines.length, linesMax)
            read.push(...piece!.lines)
            from = piece!.offset
          }
          assert.deepStrictEqual(read, all.slice(first))
          assert.isUndefined(tail.read({ segment: 1, offset }, linesMax))
          assert.isUndefined(tail.read({ segment: 2, offset: 0 }, linesMax))
        }
      )
    )
  })

  it("stops at the end of a segment and goes on in the next", () => {
    const tail = new SegmentTail()
    tail.add({ segment: 1, offset: 0 }, Buffer.from("a\nb\n"))
    tail.add({ segment: 2, offset: 0 }, Buffer.from("c\n"))
    assert.deepStrictEqual(tail.read({ segment: 1, offset: 2 }, 10), { lines: ["b"], offset: 4 })
    assert.deepStrictEqual(tail.read({ segment: 2, offset: 0 }, 10), { lines: ["c"], offset: 2 })
  })

  it("forgets the oldest lines over its size", () => {
    const tail = new SegmentTail()
    const bytes = Buffer.from(`${"x".repeat(1023)}\n`)
    const count = (tailBytesMax / bytes.length) * 3
    for (let index = 0; index < count; index += 1) tail.add({ segment: 1, offset: index * bytes.length }, bytes)
    assert.isUndefined(tail.read({ segment: 1, offset: 0 }, 1))
    assert.isUndefined(tail.read({ segment: 1, offset: (count - tailBytesMax / bytes.length - 1) * bytes.length }, 1))
    assert.isDefined(tail.read({ segment: 1, offset: (count - 10) * bytes.length }, 1))
  })
})
