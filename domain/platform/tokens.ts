import { Schema } from "effect"
import { SignJWT } from "jose"
import { DefinitionKey } from "../../ports/experiments/FlagFile.ts"
import { ownAudience, ownIssuer } from "../../ports/platform/TokenKey.ts"
import type { Principal, TokenRefusal } from "../../ports/platform/TokenProofs.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { reservedWorkspaces } from "./installation.ts"

/** What a token of ours says. */
export interface TokenClaims {
  readonly workspace: string
  readonly subject: string
  readonly keyId: string
  readonly kind: "secret" | "browser"
  readonly scopes: ReadonlyArray<string>
  readonly origins?: ReadonlyArray<string>
  readonly environment?: string | undefined
  readonly issuedAtMillis: number
  readonly expiresAtMillis: number
}

/** The claims of a token of ours, by their names in it. */
export const payloadOf = (claims: TokenClaims) => ({
  iss: ownIssuer,
  aud: ownAudience,
  sub: claims.subject,
  jti: claims.keyId,
  iat: Math.floor(claims.issuedAtMillis / 1000),
  exp: Math.floor(claims.expiresAtMillis / 1000),
  workspace: claims.workspace,
  scopes: [...claims.scopes],
  kind: claims.kind,
  ...(claims.origins === undefined ? {} : { origins: [...claims.origins] }),
  ...(claims.environment === undefined ? {} : { environment: claims.environment })
})

/** A JSON Web Token, HS256 (RFC 7519, RFC 7515); the same claims give the same token. */
export const signToken = (secret: Uint8Array, claims: TokenClaims): Promise<string> =>
  new SignJWT(payloadOf(claims)).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(secret)

/** Difference of clocks that `nbf` and `iat` forgive; `exp` is exact. */
export const clockLeewaySeconds = 60

const idCharactersMax = 200
const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= idCharactersMax

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((each) => typeof each === "string")

const isDefinitionKey = Schema.is(DefinitionKey)

/** `scopes` is a list; other issuers may also say `scope` with spaces between (RFC 8693, 4.2). */
const scopesOf = ({ scope, scopes }: Readonly<Record<string, unknown>>): ReadonlyArray<string> | undefined => {
  if (isTexts(scopes)) return scopes
  return scopes === undefined && typeof scope === "string" ? scope.split(" ").filter((each) => each !== "") : undefined
}

/**
 * Who the claims of a token speak of, its signature, issuer and audience being proven:
 *
 * - `workspace`: the workspace, a slug;
 * - `scopes` (list) or `scope` (text): what it may do;
 * - `kind`: `secret`, the usual one, or `browser`, with `origins`: the pages it works on;
 * - `environment`: the one whose flags it reads, where it is bound to one;
 * - `jti`, or `sub` where another issuer gives none: what is audited and revoked;
 * - `exp`, `iat` are needed, `nbf` is heard.
 */
export const readClaims = (
  claims: Readonly<Record<string, unknown>>,
  nowMillis: number
): Omit<Principal, "rateLimits"> | TokenRefusal => {
  const { environment, exp, iat, kind = "secret", nbf, origins = [], sub, workspace } = claims
  const latest = nowMillis / 1000 + clockLeewaySeconds
  if (typeof exp !== "number" || typeof iat !== "number") return "wrong_claims"
  if (exp * 1000 <= nowMillis) return "expired"
  if (iat > latest || (nbf !== undefined && (typeof nbf !== "number" || nbf > latest))) return "not_yet_valid"
  if (typeof workspace !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(workspace)) return "wrong_claims"
  if (reservedWorkspaces.has(workspace)) return "wrong_claims"
  const scopes = scopesOf(claims)
  const jti = claims["jti"] ?? (claims["iss"] === ownIssuer ? undefined : sub)
  if (scopes === undefined || !isTexts(origins) || !isId(jti)) return "wrong_claims"
  if (kind !== "secret" && kind !== "browser") return "wrong_claims"
  if (environment !== undefined && !isDefinitionKey(environment)) return "wrong_claims"
  const subject = isId(sub) ? sub : jti
  return {
    workspace: WorkspaceId.make(workspace),
    subject,
    person: subject,
    keyId: jti,
    kind,
    scopes: new Set(scopes),
    origins,
    environment,
    expiresAt: exp * 1000
  }
}

/** Scopes that a browser key or one of an environment may hold, whatever its claims say. */
export const clientScopes: ReadonlySet<string> = new Set(["events:write", "flags:evaluate"])

/** `*` is every scope, `events:*` every one of events. Browser keys and those of an environment hold only two. */
export const holdsScope = (
  { environment, kind, scopes }: Pick<Principal, "kind" | "scopes" | "environment">,
  scope: string
): boolean => {
  if ((kind === "browser" || environment !== undefined) && !clientScopes.has(scope)) return false
  return scopes.has("*") || scopes.has(scope) || scopes.has(`${scope.split(":")[0]}:*`)
}
