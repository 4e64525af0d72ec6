import { Effect, Layer } from "effect"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import type { KeyObject } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { PortFailure } from "../../ports/PortFailure.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"

/** The private key in the file; made at the first call. Two processes that make it at once agree on one. */
export const readOrMake = (file: string): KeyObject => {
  fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!fs.existsSync(file)) {
    const own = `${file}.${process.pid}`
    const { privateKey } = generateKeyPairSync("ed25519")
    fs.writeFileSync(own, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 })
    try {
      fs.linkSync(own, file)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
    } finally {
      fs.unlinkSync(own)
    }
  }
  const key = createPrivateKey(fs.readFileSync(file, "utf8"))
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
