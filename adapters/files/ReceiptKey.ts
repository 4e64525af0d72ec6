import { Effect, Layer } from "effect"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import type { KeyObject } from "node:crypto"
import { PortFailure } from "../../ports/PortFailure.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"
import { madeOnce } from "./madeOnce.ts"

/** The private key in the file; made at the first call. */
export const readOrMake = (file: string): KeyObject => {
  const make = () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  const key = createPrivateKey(madeOnce(file, make))
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${file} holds no Ed25519 key`)
  return key
}

export const layer = (options: { readonly file: string }): Layer.Layer<ReceiptKey, PortFailure> =>
  Layer.effect(
    ReceiptKey,
    Effect.try({
      try: () => ReceiptKey.of({ privateKey: readOrMake(options.file) }),
      catch: (cause) =>
        new PortFailure({ port: "ReceiptKey", operation: "open", reason: "corrupt", detail: String(cause), cause })
    })
  )
