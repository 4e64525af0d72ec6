import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { InvalidEvents } from "../../../ports/analytics/IngestReceipt.ts"
import { inspectJson } from "./inspectJson.ts"
import { parseBody } from "./parseBody.ts"

const key = fc.constantFrom("a", "b", "a/b", ":", '":', "\\", "__proto__", "ä", "\u{1f600}", "", " ")
const scalar = fc.oneof(key, fc.constantFrom(1, -2.5e10, null, true))
/** JSON texts whose objects may name a key twice, spaced in every way, some of them broken. */
const { text } = fc.letrec<{ text: string; value: string; object: string; list: string }>((tie) => {
  const space = fc.constantFrom("", " ", "\n\t")
  const escaped = fc.tuple(key, fc.boolean()).map(([each, ascii]) =>
    ascii
      ? `"${[...each]
          .map((letter) => letter.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`))
          .flat()
          .join("")}"`
      : JSON.stringify(each)
  )
  const entry = fc
    .tuple(space, escaped, space, tie("value"))
    .map(([a, name, b, value]) => `${a}${name}${b}:${a}${value}`)
  return {
    object: fc.array(entry, { maxLength: 4 }).map((entries) => `{${entries.join(",")}}`),
    list: fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(" ,")}]`),
    value: fc.oneof(
      { depthSize: "small" },
      scalar.map((each) => JSON.stringify(each)),
      tie("object"),
      tie("list")
    ),
    text: fc.tuple(tie("object"), fc.constantFrom("", "", "", "}", '"', ",", " ")).map(([a, b]) => a + b)
  }
})

describe("parseBody", () => {
  it("answers what JSON.parse answers where an inspection finds nothing, else what was found", () => {
    fc.assert(
      fc.property(text, (body) => {
        const parsed = parseBody(body)
        const errors = inspectJson(body)
        if (errors.length > 0) {
          assert.instanceOf(parsed, InvalidEvents)
          assert.deepStrictEqual((parsed as InvalidEvents).errors, errors)
          return
        }
        try {
          assert.deepStrictEqual(parsed, { value: JSON.parse(body) as unknown })
        } catch (cause) {
          if (!(cause instanceof SyntaxError)) throw cause
          assert.instanceOf(parsed, InvalidEvents)
        }
      }),
      { numRuns: 3000 }
    )
  })

  it("takes the deepest nesting that is allowed and no deeper", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
    assert.notInstanceOf(parseBody(nested(32)), InvalidEvents)
    assert.instanceOf(parseBody(nested(33)), InvalidEvents)
  })
})
