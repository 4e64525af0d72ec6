import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** Signatures that count beside our own HS256; each works only with a key of its own type (RFC 8725, 3.1). */
export const publicKeyAlgorithms = ["RS256", "PS256", "ES256", "EdDSA"] as const
export type PublicKeyAlgorithm = (typeof publicKeyAlgorithms)[number]

/** A public key as JSON Web Key (RFC 7517), for signatures of `alg` alone. */
export interface PublicTokenKey {
  readonly kty: string
  readonly alg: PublicKeyAlgorithm
  readonly kid?: string
  readonly [member: string]: unknown
}

/** What proves an issuer's tokens now. A changed set is a new object; the same object is the same set. */
export type TokenKeySet =
  | { readonly kind: "shared"; readonly secret: Uint8Array }
  | { readonly kind: "public"; readonly keys: ReadonlyArray<PublicTokenKey> }

/** An issuer whose tokens count, for the audience that it must name. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly audience: string
  /**
   * The last good set, held in memory, so that nobody waits for it; `undefined` before the first. It follows its source
   * by itself within {@link keysRefreshMillis}, and stays as it is while the source is away.
   */
  readonly current: () => TokenKeySet | undefined
  /**
   * Asks the source again, unless it was asked within {@link keysCooldownMillis}: for a token whose key is not in the
   * set. Fails only where there is no good set.
   */
  readonly refresh: Effect.Effect<TokenKeySet, PortFailure>
}

/** A key that left its source stops counting within this time and the {@link keysFetchMillisMax} of one fetch. */
export const keysRefreshMillis = 60_000
export const keysCooldownMillis = 5_000
export const keysFetchMillisMax = 5_000
export const keySetBytesMax = 256 * 1024
export const keysMax = 100

/** Whose tokens count. No two issuers share a name. */
export class TokenKeys extends Context.Service<TokenKeys, { readonly issuers: ReadonlyArray<TrustedIssuer> }>()(
  "ports/platform/TokenKeys"
) {}
