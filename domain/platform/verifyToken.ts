import { Effect } from "effect"
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from "jose"
import type { JWTVerifyGetKey, JWTVerifyOptions } from "jose"
import { publicKeyAlgorithms } from "../../ports/platform/TokenKeys.ts"
import type { PublicTokenKey, TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import type { Principal, TokenRefusal } from "../../ports/platform/TokenProofs.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { clockLeewaySeconds, readClaims } from "./tokens.ts"

/** Longer texts are no tokens of ours. */
export const tokenCharactersMax = 4096
/** Kinds of tokens that give access (RFC 7519, RFC 9068); others of the same issuer were made for something else. */
const accessTypes = new Set([undefined, "jwt", "at+jwt", "application/at+jwt"])

export interface VerifiedToken {
  readonly principal: Omit<Principal, "rateLimits">
  readonly issuer: TrustedIssuer
  /** The set that its key was in. */
  readonly keys: TokenKeySet
}

/**
 * What a token proves, or why it proves nothing (RFC 8725): its issuer is one that is trusted, its algorithm one of that
 * issuer's and of the key's type; key material in its header is never looked at. A key that the issuer's set lacks is
 * asked for once.
 */
export const verifyToken = (
  issuers: ReadonlyArray<TrustedIssuer>,
  token: string,
  nowMillis: number
): Effect.Effect<VerifiedToken | TokenRefusal, PortFailure> =>
  Effect.gen(function* () {
    const named = token.length > tokenCharactersMax ? undefined : issuerOf(token)
    if (named === undefined) return "malformed"
    const issuer = issuers.find((each) => each.issuer === named)
    if (issuer === undefined) return "wrong_issuer"
    const held = issuer.current() ?? (yield* issuer.refresh)
    const verify = (keys: TokenKeySet) =>
      Effect.map(
        Effect.promise(() => check(issuer, keys, token, nowMillis)),
        (answer) => (typeof answer === "string" ? answer : { principal: answer, issuer, keys })
      )
    const found = yield* verify(held)
    if (found !== "unknown_key" && (found !== "wrong_signature" || held.kind === "shared")) return found
    const newer = yield* issuer.refresh
    return newer === held ? found : yield* verify(newer)
  })

/** Only chooses the keys to check with; the check holds the token to it. */
const issuerOf = (token: string): string | undefined => {
  try {
    return decodeJwt(token).iss ?? ""
  } catch {
    return undefined
  }
}

const check = async (issuer: TrustedIssuer, keys: TokenKeySet, token: string, nowMillis: number) => {
  const options: JWTVerifyOptions = {
    algorithms: keys.kind === "shared" ? ["HS256"] : [...publicKeyAlgorithms],
    issuer: issuer.issuer,
    audience: issuer.audience,
    currentDate: new Date(nowMillis),
    clockTolerance: clockLeewaySeconds,
    requiredClaims: ["exp", "iat"]
  }
  try {
    const { payload, protectedHeader } = await verifyWith(keys, token, options)
    return accessTypes.has(protectedHeader.typ?.toLowerCase()) ? readClaims(payload, nowMillis) : "wrong_claims"
  } catch (cause) {
    return refusalOf(cause)
  }
}

/** The resolver keeps the keys that it has imported. */
const resolvers = new WeakMap<ReadonlyArray<PublicTokenKey>, JWTVerifyGetKey>()
const resolverOf = (keys: ReadonlyArray<PublicTokenKey>): JWTVerifyGetKey => {
  const known = resolvers.get(keys)
  if (known !== undefined) return known
  const made = createLocalJWKSet({ keys: [...keys] })
  resolvers.set(keys, made)
  return made
}

const verifyWith = async (keys: TokenKeySet, token: string, options: JWTVerifyOptions) => {
  if (keys.kind === "shared") return jwtVerify(token, keys.secret, options)
  try {
    return await jwtVerify(token, resolverOf(keys.keys), options)
  } catch (cause) {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) throw cause
    return verifyWithAny(cause, token, options)
  }
}

/** A token that names no key, among several of its algorithm. */
const verifyWithAny = async (matching: errors.JWKSMultipleMatchingKeys, token: string, options: JWTVerifyOptions) => {
  for await (const key of matching) {
    try {
      return await jwtVerify(token, key, options)
    } catch (cause) {
      if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

const refusalOf = (cause: unknown): TokenRefusal => {
  if (cause instanceof errors.JWTExpired) return "expired"
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const byClaim: Readonly<Record<string, TokenRefusal>> = {
      iss: "wrong_issuer",
      aud: "wrong_audience",
      nbf: "not_yet_valid"
    }
    return byClaim[cause.claim] ?? "wrong_claims"
  }
  if (cause instanceof errors.JWSSignatureVerificationFailed) return "wrong_signature"
  if (cause instanceof errors.JOSEAlgNotAllowed || cause instanceof errors.JOSENotSupported) return "wrong_algorithm"
  return cause instanceof errors.JWKSNoMatchingKey ? "unknown_key" : "malformed"
}
