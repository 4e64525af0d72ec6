import { mkdtempSync, readFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { readOrMake, rotate } from "../../adapters/files/ReceiptKey.ts"
import { receiptKeySet, signReceipt, verifyReceipt } from "./receipts.ts"

const file = join(mkdtempSync(join(tmpdir(), "receipts-")), "keys", "receipts.pem")

describe("a receipt", () => {
  it("is verified with the public key alone, and refused where anything of it was changed", async () => {
    const key = readOrMake(file)
    const keySet = await receiptKeySet(key)
    const signed = await signReceipt(key, { rows: 3 })
    assert.deepStrictEqual(await verifyReceipt(signed, keySet), { rows: 3 })
    const [header, , signature] = signed.split(".")
    const forged = Buffer.from(JSON.stringify({ rows: 4 })).toString("base64url")
    assert.isUndefined(await verifyReceipt(`${header}.${forged}.${signature}`, keySet))
    assert.isUndefined(await verifyReceipt("no receipt", keySet))
    const other = readOrMake(join(mkdtempSync(join(tmpdir(), "receipts-")), "receipts.pem"))
    assert.isUndefined(await verifyReceipt(signed, await receiptKeySet(other)))
  })

  it("stays verifiable when another key signs, of which the old private half is gone", async () => {
    const rotated = join(mkdtempSync(join(tmpdir(), "receipts-")), "receipts.pem")
    const before = readOrMake(rotated)
    const signed = await signReceipt(before, { rows: 3 })
    const after = rotate(rotated)
    assert.isFalse(after.privateKey.equals(before.privateKey))
    assert.isFalse(
      readFileSync(rotated, "utf8").includes(before.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    )
    assert.deepStrictEqual(await receiptKeySet(readOrMake(rotated)), await receiptKeySet(after))
    for (const each of [signed, await signReceipt(after, { rows: 3 })]) {
      assert.deepStrictEqual(await verifyReceipt(each, await receiptKeySet(after)), { rows: 3 })
    }
    assert.isUndefined(await verifyReceipt(await signReceipt(after, { rows: 3 }), await receiptKeySet(before)))
    assert.strictEqual(statSync(rotated).mode & 0o777, 0o600)
  })

  it("is signed with the same key ever after, which only its owner reads", async () => {
    assert.deepStrictEqual(await receiptKeySet(readOrMake(file)), await receiptKeySet(readOrMake(file)))
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
  })
})
