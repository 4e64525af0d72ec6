import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { createDecipheriv } from "node:crypto"
import { seal, unseal } from "./sealing.ts"

const hex = (text: string) => Buffer.from(text, "hex")

describe("sealing", () => {
  it("is AES-256-GCM: McGrew and Viega, The Galois/Counter Mode of Operation, test cases 13 and 14", () => {
    const key = Buffer.alloc(32)
    const nonce = Buffer.alloc(12)
    assert.strictEqual(
      seal(key, nonce, "", Buffer.alloc(0)).subarray(12).toString("hex"),
      "530f8afbc74536b9a963b4f1c4cb738b"
    )
    assert.strictEqual(
      seal(key, nonce, "", Buffer.alloc(16)).subarray(12).toString("hex"),
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    )
  })

  it("authenticates the context as additional data", () => {
    const sealed = seal(Buffer.alloc(32, 1), Buffer.alloc(12, 2), "ctx", Buffer.from("text"))
    const decipher = createDecipheriv("aes-256-gcm", Buffer.alloc(32, 1), Buffer.alloc(12, 2))
    decipher.setAAD(Buffer.from("ctx")).setAuthTag(sealed.subarray(-16))
    assert.strictEqual(decipher.update(sealed.subarray(12, -16)).toString() + decipher.final("utf8"), "text")
  })

  it("opens only under the same key and context, unchanged", () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(bytes(32), bytes(12), fc.string(), fc.uint8Array(), fc.nat(), (key, nonce, context, clear, at) => {
        const sealed = seal(key, nonce, context, clear)
        assert.deepStrictEqual(unseal(key, context, sealed), Buffer.from(clear))
        assert.isUndefined(unseal(key, `${context}.`, sealed))
        const changed = Buffer.from(sealed)
        changed[at % changed.length]! ^= 1
        assert.isUndefined(unseal(key, context, changed))
      })
    )
  })

  it("refuses what is too short to be sealed", () => {
    assert.isUndefined(unseal(hex("00".repeat(32)), "", hex("00".repeat(27))))
  })
})
