import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { PortFailure } from "../../ports/PortFailure.ts"
import { ownAudience, ownIssuer, TokenKey } from "../../ports/platform/TokenKey.ts"
import type { TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"

const keyBytes = 32

/** The secret in the file; made at the first call. Two processes that make it at once agree on one. */
export const readOrMake = (file: string): Uint8Array => {
  fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!fs.existsSync(file)) {
    const own = `${file}.${process.pid}`
    fs.writeFileSync(own, `${randomBytes(keyBytes).toString("base64url")}\n`, { mode: 0o600 })
    try {
      fs.linkSync(own, file)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
    } finally {
      fs.unlinkSync(own)
    }
  }
  const secret = Buffer.from(fs.readFileSync(file, "utf8").trim(), "base64url")
  if (secret.length < keyBytes) throw new Error(`${file} holds no secret of ${keyBytes} bytes`)
  return secret
}

export const layer = (options: { readonly file: string }): Layer.Layer<TokenKey, PortFailure> =>
  Layer.effect(
    TokenKey,
    Effect.try({
      try: () => TokenKey.of({ secret: readOrMake(options.file) }),
      catch: (cause) =>
        new PortFailure({ port: "TokenKey", operation: "open", reason: "corrupt", detail: String(cause), cause })
    })
  )

/** We ourselves as an issuer: the tokens that the secret signed. */
export const issuer: Effect.Effect<TrustedIssuer, never, TokenKey> = Effect.map(TokenKey, ({ secret }) => {
  const set: TokenKeySet = { kind: "shared", secret }
  return { issuer: ownIssuer, audience: ownAudience, current: () => set, refresh: Effect.succeed(set) }
})
