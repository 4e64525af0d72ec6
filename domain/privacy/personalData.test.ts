import { assert, describe, it } from "@effect/vitest"
import { blindIndex, isPersonalId, normalisePhone, pseudonym, storedId } from "./personalData.ts"

const secrets = { workspace: "w", indexKey: new Uint8Array(32).fill(1), pseudonymKey: new Uint8Array(32).fill(2) }

describe("ids of persons", () => {
  it("are personal where they are e-mail addresses or phone numbers, however written", () => {
    for (const id of [
      "anna@example.com",
      "Анна@пример.рф",
      "anna%40example.com",
      "@handle",
      "+4915112345678",
      "+49 151 2345678",
      "0151 2345678",
      "(555) 123-4567",
      "555-123-4567",
      "1-800-555-1234",
      "+1.555.123.4567"
    ])
      assert.isTrue(isPersonalId(id), id)
  })

  it("are kept where they are numbers, dates, keys or ids of other tools", () => {
    for (const id of [
      "42",
      "15112345678",
      "0012345678",
      "2026-11-23",
      "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34",
      "123456789.1712345678",
      "GA1.2.123456789.1712345678",
      "user 7",
      "客户-12345",
      "2024-0001"
    ])
      assert.isFalse(isPersonalId(id), id)
  })

  it("are replaced by one text however they are written, and by another than the blind index", () => {
    assert.strictEqual(pseudonym(secrets, " Anna@Example.com"), pseudonym(secrets, "anna@example.com"))
    assert.strictEqual(pseudonym(secrets, "Anna%40example.com"), pseudonym(secrets, "anna@example.com"))
    assert.strictEqual(pseudonym(secrets, "+49 (151) 234-5678"), pseudonym(secrets, "+491512345678"))
    assert.match(pseudonym(secrets, "a@b.c"), /^h_[0-9a-f]{64}$/)
    assert.notInclude(pseudonym(secrets, "a@b.c"), blindIndex(secrets, "email", "a@b.c"))
    assert.strictEqual(storedId(secrets, "anna"), "anna")
  })
})

describe("the blind index", () => {
  it("is the same for what means the same, another in another field", () => {
    const index = (field: string, value: unknown) => blindIndex(secrets, field, value)
    assert.strictEqual(index("email", "Anna@Example.com "), index("email", "anna@example.com"))
    assert.strictEqual(index("phone", "0049 151 2345678"), index("phone", "+49 151/2345678"))
    assert.notStrictEqual(index("email", "x"), index("first_name", "x"))
    assert.strictEqual(normalisePhone("(0151) 234"), "0151234")
  })
})
