import { Schema } from "effect"
import { keysMax } from "../../ports/platform/TokenKeys.ts"
import type { PublicKeyAlgorithm, PublicTokenKey } from "../../ports/platform/TokenKeys.ts"

const Member = Schema.optionalKey(Schema.String)
const JsonWebKeySet = Schema.Struct({
  keys: Schema.Array(
    Schema.Struct({
      kty: Schema.String,
      kid: Member,
      use: Member,
      key_ops: Schema.optionalKey(Schema.Array(Schema.String)),
      alg: Member,
      crv: Member,
      n: Member,
      e: Member,
      x: Member,
      y: Member
    })
  ).check(Schema.isMaxLength(keysMax))
})
type JsonWebKey = (typeof JsonWebKeySet.Type)["keys"][number]

/** 2048 bits in base64url: RFC 7518, 3.3. */
const modulusCharactersMin = 342

/** The algorithms that keys of a type can be for; the first where the key names none. */
const algorithmsOf = ({ crv, kty, n = "" }: JsonWebKey): ReadonlyArray<PublicKeyAlgorithm> => {
  if (kty === "RSA") return n.length < modulusCharactersMin ? [] : ["RS256", "PS256"]
  if (kty === "EC") return crv === "P-256" ? ["ES256"] : []
  return kty === "OKP" && crv === "Ed25519" ? ["EdDSA"] : []
}

/** The key without its private members, bound to one algorithm; `undefined` where it proves nothing here. */
const usable = (key: JsonWebKey): PublicTokenKey | undefined => {
  if (key.use !== undefined && key.use !== "sig") return undefined
  if (key.key_ops !== undefined && !key.key_ops.includes("verify")) return undefined
  const possible = algorithmsOf(key)
  // RFC 9864 gives the algorithm of Ed25519 its own name.
  const named = key.alg === "Ed25519" ? "EdDSA" : key.alg
  const alg = named === undefined ? possible[0] : possible.find((each) => each === named)
  if (alg === undefined) return undefined
  const { crv, e, kid, kty, n, x, y } = key
  const members = Object.entries({ kid, crv, e, n, x, y }).filter(([, value]) => value !== undefined)
  return { kty, alg, ...Object.fromEntries(members) }
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(JsonWebKeySet))

/** Keys of a JSON Web Key Set that can prove tokens; `undefined` for what is no such set. */
export const readKeySet = (text: string): ReadonlyArray<PublicTokenKey> | undefined => {
  const decoded = decode(text)
  if (decoded._tag === "None") return undefined
  return decoded.value.keys.flatMap((key) => usable(key) ?? [])
}
