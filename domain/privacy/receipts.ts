import { calculateJwkThumbprint, createLocalJWKSet, compactVerify, CompactSign, exportJWK } from "jose"
import type { JSONWebKeySet } from "jose"
import { createPublicKey } from "node:crypto"
import type { KeyObject } from "node:crypto"

const algorithm = "EdDSA"

/** The public half, for whoever verifies receipts; its `kid` is its thumbprint (RFC 7638). */
export const receiptKeySet = async (privateKey: KeyObject) => {
  const { crv, kty, x } = await exportJWK(createPublicKey(privateKey))
  const kid = await calculateJwkThumbprint({ kty: kty!, crv: crv!, x: x! })
  return { keys: [{ kty: kty!, crv: crv!, x: x!, kid, alg: algorithm, use: "sig" }] }
}

/** The receipt as a compact JWS. */
export const signReceipt = async (privateKey: KeyObject, receipt: object): Promise<string> => {
  const kid = (await receiptKeySet(privateKey)).keys[0]!.kid
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
