import { readFileSync } from "node:fs"
import process from "node:process"
import { isDeepStrictEqual, parseArgs } from "node:util"
import type { JSONWebKeySet } from "jose"
import { verifyReceipt } from "../domain/privacy/receipts.ts"

const usage = "usage: npm run verify-receipt -- <receipt.json> --keys <keys.json>"

/** Says whether a key of the set signed the receipt as it is; needs no service and no network. */
const verify = async (receiptFile: string, keysFile: string): Promise<boolean> => {
  const { signed, ...said } = JSON.parse(readFileSync(receiptFile, "utf8")) as { readonly signed?: unknown }
  const keySet = JSON.parse(readFileSync(keysFile, "utf8")) as JSONWebKeySet
  const verified = typeof signed === "string" ? await verifyReceipt(signed, keySet) : undefined
  if (verified === undefined) {
    console.error("NOT VALID: no key of the set signed this receipt")
    return false
  }
  if (!isDeepStrictEqual(verified, said)) {
    console.error("NOT VALID: the receipt says something else than what was signed")
    return false
  }
  console.log(JSON.stringify(verified, undefined, 2))
  console.log("VALID: signed as it is")
  return true
}

try {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { keys: { type: "string" } } })
  if (positionals.length !== 1 || values.keys === undefined) throw new Error(usage)
  process.exitCode = (await verify(positionals[0]!, values.keys)) ? 0 : 1
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 2
}
