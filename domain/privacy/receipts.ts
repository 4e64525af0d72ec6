import { calculateJwkThumbprint, createLocalJWKSet, compactVerify, CompactSign, exportJWK } from "jose"
import type { JSONWebKeySet } from "jose"
import { createPublicKey } from "node:crypto"
import type { KeyObject } from "node:crypto"
import type { ReceiptKeyPairs } from "../../ports/privacy/ReceiptKey.ts"

const algorithm = "EdDSA"

const publicJwk = async (key: KeyObject) => {
  const { crv, kty, x } = await exportJWK(key)
  const kid = await calculateJwkThumbprint({ kty: kty!, crv: crv!, x: x! })
  return { kty: kty!, crv: crv!, x: x!, kid, alg: algorithm, use: "sig" }
}

/** The public halves, for whoever verifies receipts; a `kid` is its key's thumbprint (RFC 7638). */
export const receiptKeySet = async ({ publicKeys }: ReceiptKeyPairs) => ({
  keys: await Promise.all(publicKeys.map(publicJwk))
})

/** The receipt as a compact JWS. */
export const signReceipt = async ({ privateKey }: ReceiptKeyPairs, receipt: object): Promise<string> => {
  const { kid } = await publicJwk(createPublicKey(privateKey))
  return new CompactSign(Buffer.from(JSON.stringify(receipt)))
    .setProtectedHeader({ alg: algorithm, kid })
    .sign(privateKey)
}

/** What was signed, as JSON; `undefined` where no key of the set signed it as it is. */
export const verifyReceipt = async (signed: string, keySet: JSONWebKeySet): Promise<unknown> => {
  try {
    const { payload } = await compactVerify(signed, createLocalJWKSet(keySet), { algorithms: [algorithm] })
    return JSON.parse(Buffer.from(payload).toString("utf8")) as unknown
  } catch {
    return undefined
  }
}
