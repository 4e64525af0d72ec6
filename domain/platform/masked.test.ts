import { assert, describe, it } from "@effect/vitest"
import process from "node:process"
import { masked } from "./masked.ts"

describe("masked", () => {
  it("hides e-mail addresses and phone numbers wherever they stand", () => {
    assert.deepStrictEqual(
      masked({
        name: "key of anna@example.com (call +49 30 1234567)",
        list: ["0171-555-1234", { "ben@example.org": 1 }],
        mixed: "mailto:anna.b+c@mail.example.co.uk, (030) 1234 5678"
      }),
      { name: "key of *** (call ***)", list: ["***", { "***": 1 }], mixed: "mailto:***, ***" }
    )
  })

  it("takes time that grows with the text, also where one word is very long", () => {
    const before = process.cpuUsage()
    const long = "x".repeat(300_000)
    assert.strictEqual(masked(long), long)
    assert.strictEqual(masked(`${long}@`), `${long}@`)
    assert.strictEqual(masked(`to ${long}@example.com,a@b@c`), "to ***,***@c")
    assert.isBelow(process.cpuUsage(before).user, 1_000_000)
  })

  it("leaves ids, times, scopes, amounts and addresses of pages alone", () => {
    const plain = {
      id: "12345678-1234-4123-8123-123456789012",
      at: 1_764_000_000_000,
      day: "2026-11-25T01:02:03.000Z",
      scopes: ["*", "events:write"],
      origins: ["https://shop.example:8443"],
      rate_limits: { ingest: 1000 },
      ip: "192.168.100.200",
      zone: "Europe/Berlin",
      nothing: null
    }
    assert.deepStrictEqual(masked(plain), plain)
  })
})
