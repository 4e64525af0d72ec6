import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { PortFailure } from "../../ports/PortFailure.ts"
import { ownAudience, ownIssuer, TokenKey } from "../../ports/platform/TokenKey.ts"
import type { TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import { madeOnce } from "./madeOnce.ts"

const keyBytes = 32

/** The secret in the file; made at the first call. */
export const readOrMake = (file: string): Uint8Array => {
  const text = madeOnce(file, () => `${randomBytes(keyBytes).toString("base64url")}\n`)
  const secret = Buffer.from(text.trim(), "base64url")
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
