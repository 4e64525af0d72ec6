import { randomBytes } from "node:crypto"
import { madeOnce } from "./madeOnce.ts"

const keyBytes = 32

/** The key that seals watermarks; made at the first call. */
export const readWatermarkKey = (file: string): Uint8Array => {
  const key = Buffer.from(
    madeOnce(file, () => `${randomBytes(keyBytes).toString("base64")}\n`),
    "base64"
  )
  if (key.length !== keyBytes) throw new Error(`${file} holds no key of ${keyBytes} bytes`)
  return key
}
