import { mkdtempSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { readOrMake } from "../../adapters/files/ReceiptKey.ts"
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

  it("is signed with the same key ever after, which only its owner reads", async () => {
    assert.deepStrictEqual(await receiptKeySet(readOrMake(file)), await receiptKeySet(readOrMake(file)))
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
  })
})
