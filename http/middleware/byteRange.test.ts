import { assert, describe, it } from "vitest"
import { readRange } from "./byteRange.ts"

const file = { bytes: 10, etag: '"a"' }
const part = (from: number, to: number) => ({ kind: "part", from, to }) as const

describe("a range of bytes", () => {
  it("is read as RFC 9110 has it: from, from and to, the last ones", () => {
    for (const [range, asked] of [
      ["bytes=0-", part(0, 10)],
      ["bytes=3-5", part(3, 6)],
      ["bytes=3-99", part(3, 10)],
      ["bytes=9-9", part(9, 10)],
      ["BYTES=-4", part(6, 10)],
      ["bytes=-99", part(0, 10)]
    ] as const) {
      assert.deepStrictEqual(readRange({ range }, file), asked, range)
    }
  })

  it("behind the end is refused; what is none, or several, is answered whole", () => {
    for (const range of ["bytes=10-", "bytes=-0"]) {
      assert.deepStrictEqual(readRange({ range }, file), { kind: "unsatisfiable" }, range)
    }
    for (const range of ["bytes=5-3", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=", "bytes=-"]) {
      assert.deepStrictEqual(readRange({ range }, file), { kind: "whole" }, range)
    }
    assert.deepStrictEqual(readRange({}, file), { kind: "whole" })
    assert.deepStrictEqual(readRange({ range: "bytes=0-" }, { ...file, bytes: 0 }), { kind: "unsatisfiable" })
  })

  it("is given only of the file that the client has begun to read", () => {
    assert.deepStrictEqual(readRange({ range: "bytes=3-", "if-range": '"a"' }, file), part(3, 10))
    for (const other of ['"b"', 'W/"a"', "Mon, 30 Nov 2026 00:00:00 GMT"]) {
      assert.deepStrictEqual(readRange({ range: "bytes=3-", "if-range": other }, file), { kind: "whole" }, other)
    }
  })
})
