import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose"
import type { CryptoKey, JWTPayload } from "jose"
import { ownAudience, ownIssuer } from "../../ports/platform/TokenKey.ts"
import type { PublicKeyAlgorithm, PublicTokenKey, TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { signToken } from "./tokens.ts"
import { tokenCharactersMax, verifyToken } from "./verifyToken.ts"

const now = Date.UTC(2026, 10, 25)
const seconds = now / 1000
const foreignIssuer = "https://login.example"
const foreignAudience = "api://broxiva"

const secret = new Uint8Array(32).fill(7)
const trust = (issuer: string, audience: string, keys: () => TokenKeySet, refreshed: () => TokenKeySet = keys) => ({
  issuer,
  audience,
  current: keys,
  refresh: Effect.sync(refreshed)
})
const ownKeys: TokenKeySet = { kind: "shared", secret }
const own = trust(ownIssuer, ownAudience, () => ownKeys)

interface Pair {
  readonly privateKey: CryptoKey
  readonly jwk: PublicTokenKey
}
const pair = async (alg: PublicKeyAlgorithm, kid?: string): Promise<Pair> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg, ...(kid === undefined ? {} : { kid }) } as PublicTokenKey
  return { privateKey, jwk }
}
const pairs = {
  RS256: await pair("RS256", "rs"),
  PS256: await pair("PS256", "ps"),
  ES256: await pair("ES256", "es"),
  EdDSA: await pair("EdDSA", "ed")
}
const foreignKeys: TokenKeySet = { kind: "public", keys: Object.values(pairs).map(({ jwk }) => jwk) }
const foreign = trust(foreignIssuer, foreignAudience, () => foreignKeys)

const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: foreignIssuer,
  aud: foreignAudience,
  sub: "anna",
  jti: "token-1",
  iat: seconds - 10,
  exp: seconds + 60,
  workspace: "acme",
  scopes: ["events:write"],
  ...more
})
const sign = (payload: JWTPayload, { jwk, privateKey }: Pair, header: Record<string, unknown> = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: jwk.alg, kid: jwk.kid!, ...header }).sign(privateKey)

/** Also of a refusal, which includes nothing. */
const includes = (found: string | object, part: object) => {
  if (typeof found === "string") assert.fail(`refused: ${found}`)
  assert.deepInclude(found, part)
}

const verify = async (
  token: string,
  issuers: ReadonlyArray<TrustedIssuer> = [own, foreign]
): Promise<string | object> => {
  const found = await Effect.runPromise(verifyToken(issuers, token, now))
  return typeof found === "string" ? found : found.principal
}

describe("verifyToken", () => {
  it("proves our own tokens by the shared secret", async () => {
    const token = await signToken(secret, {
      workspace: "acme",
      subject: "key",
      keyId: "key",
      kind: "browser",
      scopes: ["events:write"],
      origins: ["https://shop.example"],
      environment: "staging",
      issuedAtMillis: now,
      expiresAtMillis: now + 1000
    })
    assert.deepEqual(await verify(token), {
      workspace: "acme",
      subject: "key",
      person: "key",
      keyId: "key",
      kind: "browser",
      scopes: new Set(["events:write"]),
      origins: ["https://shop.example"],
      environment: "staging",
      expiresAt: now + 1000
    })
  })

  for (const [alg, keys] of Object.entries(pairs)) {
    it(`proves another issuer's ${alg} by its public key`, async () => {
      includes(await verify(await sign(claims(), keys)), {
        workspace: "acme",
        keyId: "token-1",
        kind: "secret"
      })
    })
  }

  it("refuses an environment that is none", async () => {
    for (const environment of ["a:b", "", 1, null]) {
      assert.strictEqual(await verify(await sign({ ...claims(), environment }, pairs.ES256)), "wrong_claims")
    }
  })

  it("reads scopes that stand in one text, and falls back to the subject where there is no jti", async () => {
    const { jti: _, scopes: __, ...rest } = claims()
    const found = await verify(await sign({ ...rest, scope: "openid events:write" }, pairs.ES256))
    includes(found, { keyId: "anna", scopes: new Set(["openid", "events:write"]) })
  })

  it("refuses none, HMAC by a public key, and an algorithm that is not its key's", async () => {
    assert.strictEqual(await verify(new UnsecuredJWT(claims()).encode()), "wrong_algorithm")
    const text = new TextEncoder().encode(JSON.stringify(pairs.RS256.jwk))
    const confused = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "rs" }).sign(text)
    assert.strictEqual(await verify(confused), "wrong_algorithm")
    const ownClaims = claims({ iss: ownIssuer, aud: ownAudience })
    assert.strictEqual(await verify(await sign(ownClaims, pairs.RS256)), "wrong_algorithm")
    const longer = await new SignJWT(ownClaims).setProtectedHeader({ alg: "HS512" }).sign(new Uint8Array(64))
    assert.strictEqual(await verify(longer), "wrong_algorithm")
    // The same RSA key, in the set for RS256 alone.
    const { privateKey, publicKey } = await generateKeyPair("PS256", { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), alg: "RS256", kid: "one" } as PublicTokenKey
    const onlyRs256: TokenKeySet = { kind: "public", keys: [jwk] }
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: "PS256", kid: "one" }).sign(privateKey)
    assert.strictEqual(await verify(token, [trust(foreignIssuer, foreignAudience, () => onlyRs256)]), "unknown_key")
  })

  it("never looks at key material in the header", async () => {
    const stranger = await pair("ES256", "es")
    const header = { jwk: stranger.jwk, jku: "https://evil.example/keys", x5u: "https://evil.example/cert" }
    assert.strictEqual(await verify(await sign(claims(), stranger, header)), "wrong_signature")
    includes(await verify(await sign(claims(), pairs.ES256, header)), { workspace: "acme" })
    const { kid: _, ...withoutId } = stranger.jwk
    assert.strictEqual(
      await verify(
        await sign(claims(), { ...stranger, jwk: withoutId as PublicTokenKey }, { kid: "evil", jwk: stranger.jwk })
      ),
      "unknown_key"
    )
  })

  const wrong: ReadonlyArray<readonly [string, JWTPayload, string]> = [
    ["another issuer", { iss: "https://evil.example" }, "wrong_issuer"],
    ["another audience", { aud: "billing" }, "wrong_audience"],
    ["an end in the past", { exp: seconds }, "expired"],
    ["no end", { exp: undefined as never }, "wrong_claims"],
    ["no time of issue", { iat: undefined as never }, "wrong_claims"],
    ["a beginning in the future", { nbf: seconds + 61 }, "not_yet_valid"],
    ["an issue in the future", { iat: seconds + 61 }, "not_yet_valid"],
    ["no workspace", { workspace: undefined }, "wrong_claims"],
    ["a workspace that is no slug", { workspace: "../acme" }, "wrong_claims"],
    ["the records of all workspaces", { workspace: "all-workspaces" }, "wrong_claims"],
    ["no scopes", { scopes: undefined }, "wrong_claims"],
    ["scopes that are no texts", { scopes: [1] }, "wrong_claims"],
    ["an unknown kind", { kind: "admin" }, "wrong_claims"],
    ["an id too long", { jti: "x".repeat(201) }, "wrong_claims"]
  ]
  for (const [name, more, refusal] of wrong) {
    it(`refuses ${name}`, async () => {
      assert.strictEqual(await verify(await sign(claims(more), pairs.EdDSA)), refusal)
    })
  }

  it("forgives a clock that is a minute off, but no end", async () => {
    includes(await verify(await sign(claims({ nbf: seconds + 60, iat: seconds + 60 }), pairs.EdDSA)), {
      workspace: "acme"
    })
  })

  it("refuses a token that was made for something else, is too long, or is none", async () => {
    assert.strictEqual(await verify(await sign(claims(), pairs.ES256, { typ: "logout+jwt" })), "wrong_claims")
    includes(await verify(await sign(claims(), pairs.ES256, { typ: "at+jwt" })), { workspace: "acme" })
    assert.strictEqual(
      await verify(await sign(claims({ x: "x".repeat(tokenCharactersMax) }), pairs.ES256)),
      "malformed"
    )
    for (const text of ["", "a.b.c", "a.b", "....", "é.é.é"]) assert.strictEqual(await verify(text), "malformed")
  })

  it("tries every key of the algorithm where the token names none", async () => {
    const [one, two] = [await pair("ES256"), await pair("ES256")]
    const keys: TokenKeySet = { kind: "public", keys: [one.jwk, two.jwk] }
    const issuers = [trust(foreignIssuer, foreignAudience, () => keys)]
    const token = (keysOf: Pair) => new SignJWT(claims()).setProtectedHeader({ alg: "ES256" }).sign(keysOf.privateKey)
    includes(await verify(await token(two), issuers), { workspace: "acme" })
    assert.strictEqual(await verify(await token(await pair("ES256")), issuers), "wrong_signature")
  })

  it("asks the issuer again for a key that it does not know, and refuses one that left", async () => {
    const next = await pair("ES256", "next")
    const rotated: TokenKeySet = { kind: "public", keys: [next.jwk] }
    let held = foreignKeys
    const rotating = trust(
      foreignIssuer,
      foreignAudience,
      () => held,
      () => (held = rotated)
    )
    includes(await verify(await sign(claims(), next), [rotating]), { workspace: "acme" })
    assert.strictEqual(await verify(await sign(claims(), pairs.ES256), [rotating]), "unknown_key")
  })

  it("fails while the keys of an issuer were never there", async () => {
    const away: TrustedIssuer = {
      issuer: foreignIssuer,
      audience: foreignAudience,
      current: () => undefined,
      refresh: Effect.fail(
        new PortFailure({ port: "TokenKeys", operation: "refresh", reason: "unavailable", detail: "" })
      )
    }
    const failed = await Effect.runPromise(
      Effect.flip(verifyToken([own, away], await sign(claims(), pairs.ES256), now))
    )
    assert.strictEqual(failed.reason, "unavailable")
  })
})
