import { Effect, Layer, Ref } from "effect"
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto"
import type { KeyObject } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { PortFailure } from "../../ports/PortFailure.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"
import type { ReceiptKeyPairs } from "../../ports/privacy/ReceiptKey.ts"
import { madeOnce } from "./madeOnce.ts"

const block = /-----BEGIN (PRIVATE|PUBLIC) KEY-----[^-]+-----END \1 KEY-----/g
const makePrivate = (): KeyObject => generateKeyPairSync("ed25519").privateKey
const privateText = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString()

/** The private key in the file, made at the first call, and behind it the public ones from before. */
export const readOrMake = (file: string): ReceiptKeyPairs => {
  const blocks = madeOnce(file, () => privateText(makePrivate())).match(block) ?? []
  const [privateKey] = blocks.filter((text) => text.includes("PRIVATE KEY")).map((text) => createPrivateKey(text))
  if (privateKey?.asymmetricKeyType !== "ed25519") throw new Error(`${file} holds no Ed25519 key`)
  const earlier = blocks.filter((text) => text.includes("PUBLIC KEY")).map((text) => createPublicKey(text))
  return { privateKey, publicKeys: [createPublicKey(privateKey), ...earlier] }
}

/** Written beside and renamed over: a start after a crash sees the old pairs or the new ones. */
export const rotate = (file: string): ReceiptKeyPairs => {
  const { publicKeys } = readOrMake(file)
  const texts = publicKeys.map((key) => key.export({ type: "spki", format: "pem" }).toString())
  const beside = `${file}.new`
  fs.writeFileSync(beside, [privateText(makePrivate()), ...texts].join(""), { mode: 0o600, flush: true })
  fs.renameSync(beside, file)
  const folder = fs.openSync(dirname(file), "r")
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
  return readOrMake(file)
}

const failure = (operation: string, reason: "corrupt" | "unavailable") => (cause: unknown) =>
  new PortFailure({ port: "ReceiptKey", operation, reason, detail: String(cause), cause })

export const layer = (options: { readonly file: string }): Layer.Layer<ReceiptKey, PortFailure> =>
  Layer.effect(
    ReceiptKey,
    Effect.gen(function* () {
      const pairs = yield* Ref.make(
        yield* Effect.try({ try: () => readOrMake(options.file), catch: failure("open", "corrupt") })
      )
      return ReceiptKey.of({
        pairs: Ref.get(pairs),
        rotate: Effect.try({ try: () => rotate(options.file), catch: failure("rotate", "unavailable") }).pipe(
          Effect.tap((made) => Ref.set(pairs, made))
        )
      })
    })
  )
