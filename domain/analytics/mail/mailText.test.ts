import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { changeText, composeMail, numberText } from "./mailText.ts"

const table = {
  kind: "table",
  columns: ["Page", "People"],
  rows: [
    ["/", "12"],
    ["/prices", "1,204"]
  ]
} as const

describe("a message", () => {
  it("has its numbers under each other in plain text, and in a table in HTML", () => {
    const { html, text } = composeMail("Monday", [{ kind: "heading", text: "Pages" }, table])
    assert.strictEqual(text, "Monday\n\nPages\n-----\n\nPage     People\n/            12\n/prices   1,204\n")
    assert.include(html, '<td style="text-align:right;padding:4px 12px 4px 0;border-bottom:1px solid #ddd">1,204</td>')
  })

  it("makes no tags of what stands in it, and names nothing to fetch", () => {
    const tags =
      /<(?!\/?(html|head|meta|title|body|h1|h2|p|br|table|thead|tbody|tr|th|td)\b)|<[^>]*\b(src|href|on\w+)=/i
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("<img src=x>", '"><script>', "&lt;", ""),
        (some, odd) => {
          const { html } = composeMail(some + odd, [
            { kind: "heading", text: odd + some },
            { kind: "paragraph", text: some + odd },
            { kind: "table", columns: [odd, some], rows: [[some, odd]] }
          ])
          assert.notMatch(html.replace("<!doctype html>", ""), tags)
        }
      )
    )
  })

  it("says numbers and their changes as people read them", () => {
    assert.deepStrictEqual([numberText(12345.678), numberText(null), numberText(-2)], ["12,345.68", "none", "-2"])
    assert.deepStrictEqual(
      [
        changeText(100, 112.5),
        changeText(100, 50),
        changeText(0, 3),
        changeText(0, 0),
        changeText(null, 3),
        changeText(3, 9)
      ],
      ["+12.5 %", "−50 %", "new", "±0 %", "–", "+200 %"]
    )
  })
})
