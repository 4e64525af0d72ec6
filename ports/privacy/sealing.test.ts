import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { createDecipheriv } from "node:crypto"
import { readFileSync } from "node:fs"
import { seal, unseal } from "./sealing.ts"

interface WycheproofCase {
  readonly tcId: number
  readonly comment: string
  readonly result: "valid" | "invalid"
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
}
/** Project Wycheproof, testvectors_v1/aes_gcm_test.json (Apache-2.0); the file names its version. */
const wycheproof = JSON.parse(readFileSync(new URL("wycheproof/aes_gcm_256.json", import.meta.url), "utf8")) as {
  readonly tests: ReadonlyArray<WycheproofCase>
}

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

  it("passes every case of Wycheproof for keys of 256 and nonces of 96 bits", () => {
    assert.strictEqual(wycheproof.tests.length, 66)
    for (const { aad, comment, ct, iv, key, msg, result, tag, tcId } of wycheproof.tests) {
      const about = `${tcId} ${comment}`
      const sealed = Buffer.concat([hex(iv), hex(ct), hex(tag)])
      const opened = unseal(hex(key), hex(aad), sealed)
      if (result === "valid") {
        assert.deepStrictEqual(seal(hex(key), hex(iv), hex(aad), hex(msg)), sealed, about)
        assert.deepStrictEqual(opened, hex(msg), about)
      } else assert.isUndefined(opened, about)
    }
    assert.isAbove(wycheproof.tests.filter(({ result }) => result === "invalid").length, 20)
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
