import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { redact } from "./redaction.ts"

const secrets = [
  "ada.lovelace+news@example.co.uk",
  "ada%40example.com",
  "jürgen@müller.example",
  "203.0.113.77",
  "2001:db8:85a3::8a2e:370:7334",
  "+49 170 1234567",
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
]

describe("redaction", () => {
  it("takes out people and secrets wherever they stand in a text", () => {
    for (const secret of secrets) {
      for (const text of [secret, `failed for ${secret}: try`, `{"a":"${secret}"}`, `(${secret})`, `x='${secret}',`]) {
        assert.notInclude(redact(text), secret, text)
        assert.include(redact(text), "[redacted]", text)
      }
    }
  })

  it("takes out tokens by their place", () => {
    assert.strictEqual(redact("Authorization: Bearer abc.def-123"), "Authorization: Bearer [redacted]")
    assert.strictEqual(redact("GET /x?key=s3cr3t&a=1"), "GET /x?key=[redacted]&a=1")
    assert.strictEqual(redact("access_token=abc next"), "access_token=[redacted] next")
  })

  it("leaves what an operator needs", () => {
    const texts = [
      "2026-11-25T01:22:57.123Z",
      "http://127.0.0.1:8080 ready in 1.25 s",
      "at run (file:///srv/node_modules/.pnpm/effect@4.1.0/node_modules/effect/src/internal/effect.ts:12:34)",
      "EventLog.append: no room on the disk (ENOSPC)",
      "version 1.5.5, segment 000000000012.log, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ]
    for (const text of texts) assert.strictEqual(redact(text), text)
  })

  it("is done at once on any text", () => {
    for (const text of [
      "a".repeat(200_000),
      "a@".repeat(50_000),
      "1:".repeat(50_000),
      "+1".repeat(50_000),
      "x=".repeat(50_000)
    ]) {
      const start = performance.now()
      redact(text)
      assert.isBelow(performance.now() - start, 2000)
    }
  })

  it("changes nothing more when it is done again", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => redact(redact(text)) === redact(text)))
  })
})
