import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { KeyLimits } from "./RateLimits.ts"

/** Who asks, proven by a token. */
export interface Principal {
  readonly workspace: WorkspaceId
  readonly subject: string
  /** Who stands behind it: the subject of its token, or of a key made here, the person who made it. */
  readonly person: string
  /** What is revoked and audited: the token's `jti`, or its subject where another issuer gives none. */
  readonly keyId: string
  readonly kind: "secret" | "browser"
  readonly scopes: ReadonlySet<string>
  /** Pages that a browser key works on. */
  readonly origins: ReadonlyArray<string>
  /** The one environment whose flags it reads; undefined: every one. */
  readonly environment: string | undefined
  /** ms UTC */
  readonly expiresAt: number
  /** Requests a minute, where the key has limits of its own. */
  readonly rateLimits: KeyLimits
}

export type TokenRefusal =
  | "malformed"
  | "wrong_algorithm"
  | "unknown_key"
  | "wrong_signature"
  | "wrong_issuer"
  | "wrong_audience"
  | "expired"
  | "not_yet_valid"
  | "wrong_claims"
  | "revoked"
  | "workspace_archived"

/** A change of a key or of a workspace reaches the proofs of every process within this time. */
export const changeMillisMax = 1000

/** What tokens prove, remembered so that a busy key costs one signature. */
export class TokenProofs extends Context.Service<
  TokenProofs,
  {
    /**
     * What this token was found to prove; `undefined` where it was not asked, has expired, or something that it rests
     * on has changed: the key or its workspace, or the set of keys that its issuer signs with.
     */
    readonly known: (token: string, nowMillis: number) => Principal | undefined
    /**
     * Proves the token: signature, claims, that the key was not revoked and its workspace not archived. A workspace that
     * a valid token names for the first time comes into being; who asked is audited with it.
     */
    readonly prove: (
      token: string,
      asked: { readonly from: string | undefined; readonly requestId: string }
    ) => Effect.Effect<Principal | TokenRefusal, PortFailure>
  }
>()("ports/platform/TokenProofs") {}
