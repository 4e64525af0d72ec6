import { createHmac, timingSafeEqual } from "node:crypto"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"

export const tokenIssuer = "broxiva"
export const tokenAudience = "broxiva"
/** Longer texts are no tokens of ours. */
export const tokenCharactersMax = 4096

/** Who asks, proven by a token. */
export interface Principal {
  readonly workspace: WorkspaceId
  readonly subject: string
  /** The token's `jti`: what is revoked and audited. */
  readonly keyId: string
  readonly kind: "secret" | "browser"
  readonly scopes: ReadonlySet<string>
  /** Pages that a browser key works on. */
  readonly origins: ReadonlyArray<string>
  /** ms UTC */
  readonly expiresAt: number
}

export interface TokenClaims {
  readonly workspace: string
  readonly subject: string
  readonly keyId: string
  readonly kind: "secret" | "browser"
  readonly scopes: ReadonlyArray<string>
  readonly origins?: ReadonlyArray<string>
  readonly issuedAtMillis: number
  readonly expiresAtMillis: number
}

export type TokenRefusal =
  | "malformed"
  | "wrong_algorithm"
  | "wrong_signature"
  | "wrong_issuer"
  | "wrong_audience"
  | "expired"
  | "not_yet_valid"
  | "wrong_claims"

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const sign = (secret: Uint8Array, text: string): Buffer => createHmac("sha256", secret).update(text).digest()

/** A JSON Web Token, HS256 (RFC 7519, RFC 7515). */
export const makeToken = (secret: Uint8Array, claims: TokenClaims): string => {
  const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({
    iss: tokenIssuer,
    aud: tokenAudience,
    sub: claims.subject,
    jti: claims.keyId,
    iat: Math.floor(claims.issuedAtMillis / 1000),
    exp: Math.floor(claims.expiresAtMillis / 1000),
    workspace: claims.workspace,
    scopes: claims.scopes,
    kind: claims.kind,
    ...(claims.origins === undefined ? {} : { origins: claims.origins })
  })}`
  return `${body}.${sign(secret, body).toString("base64url")}`
}

const parse = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"))
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

/** Difference of clocks that `nbf` forgives. */
const leewaySeconds = 60

/**
 * The principal that a token proves, or why it proves none (RFC 8725): the one algorithm of the key, the signature
 * before any claim, then issuer, audience and time. Key material in the header is never looked at.
 */
export const readToken = (secret: Uint8Array, token: string, nowMillis: number): Principal | TokenRefusal => {
  const parts = token.split(".")
  if (token.length > tokenCharactersMax || parts.length !== 3) return "malformed"
  const [head, body, signature] = parts as [string, string, string]
  const header = parse(head)
  if (header === undefined) return "malformed"
  if (header["alg"] !== "HS256" || header["crit"] !== undefined) return "wrong_algorithm"
  const expected = sign(secret, `${head}.${body}`)
  const given = Buffer.from(signature, "base64url")
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "wrong_signature"
  const claims = parse(body)
  return claims === undefined ? "malformed" : readClaims(claims, nowMillis)
}

const readClaims = (claims: Readonly<Record<string, unknown>>, nowMillis: number): Principal | TokenRefusal => {
  const { aud, exp, iss, jti, kind = "secret", nbf, origins = [], scopes, sub, workspace } = claims
  if (iss !== tokenIssuer) return "wrong_issuer"
  if (!(Array.isArray(aud) ? aud.includes(tokenAudience) : aud === tokenAudience)) return "wrong_audience"
  if (typeof exp !== "number" || exp * 1000 <= nowMillis) return "expired"
  if (nbf !== undefined && (typeof nbf !== "number" || (nbf - leewaySeconds) * 1000 > nowMillis)) return "not_yet_valid"
  const texts = (value: unknown): value is ReadonlyArray<string> =>
    Array.isArray(value) && value.every((each) => typeof each === "string")
  if (typeof workspace !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(workspace)) return "wrong_claims"
  if (!texts(scopes) || !texts(origins) || typeof jti !== "string") return "wrong_claims"
  if (kind !== "secret" && kind !== "browser") return "wrong_claims"
  return {
    workspace: WorkspaceId.make(workspace),
    subject: typeof sub === "string" ? sub : jti,
    keyId: jti,
    kind,
    scopes: new Set(scopes),
    origins,
    expiresAt: exp * 1000
  }
}

/** Scopes that a browser key may hold, whatever its claims say. */
export const browserScopes: ReadonlySet<string> = new Set(["events:write", "flags:evaluate"])

/** `*` is every scope, `events:*` every one of events. A browser key holds only the two of browsers. */
export const holdsScope = ({ kind, scopes }: Pick<Principal, "kind" | "scopes">, scope: string): boolean => {
  if (kind === "browser" && !browserScopes.has(scope)) return false
  return scopes.has("*") || scopes.has(scope) || scopes.has(`${scope.split(":")[0]}:*`)
}
