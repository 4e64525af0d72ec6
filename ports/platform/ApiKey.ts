import { Schema } from "effect"
import { DefinitionKey } from "../experiments/FlagFile.ts"
import { KeyLimits } from "./RateLimits.ts"

export const scopeNames = [
  "*",
  "events:*",
  "events:write",
  "events:import",
  "flags:evaluate",
  "analytics:*",
  "analytics:read",
  "analytics:write",
  "analytics:sql",
  "analytics:export",
  "experiments:*",
  "experiments:read",
  "experiments:write",
  "experiments:review",
  "experiments:references",
  "experiments:bypass",
  "persons:*",
  "persons:read",
  "persons:write",
  "pii:read",
  "platform:*",
  "platform:read",
  "platform:write"
] as const

export const keyDaysMax = 3650
/** Two months: longer than most release cycles. */
export const overlapHoursMax = 1440

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))
const Origin = Schema.String.check(Schema.isPattern(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/))

/** What a new key may do. */
export const NewApiKey = Schema.Struct({
  name: Name,
  scopes: Schema.Array(Schema.Literals(scopeNames)).check(Schema.isMinLength(1), Schema.isMaxLength(50)),
  /** A browser key holds only `events:write` and `flags:evaluate`, on its origins. */
  kind: Schema.optionalKey(Schema.Literals(["secret", "browser"])),
  origins: Schema.optionalKey(Schema.Array(Origin).check(Schema.isMaxLength(50))),
  /**
   * The one environment whose flags it reads; it holds only `events:write` and `flags:evaluate`, so that what it opens
   * stays small: clients that put their key into an address may use it.
   */
  environment: Schema.optionalKey(DefinitionKey),
  /** Requests a minute, where they differ from the service's. Above the product's table only in workspace `default`. */
  rate_limits: Schema.optionalKey(KeyLimits),
  expires_in_days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: keyDaysMax })))
}).annotate({
  identifier: "NewApiKey",
  examples: [{ name: "web site", scopes: ["events:write"], kind: "browser", origins: ["https://example.com"] }]
})
export type NewApiKey = typeof NewApiKey.Type

/** What can be changed in a key; its rights cannot: make another. */
export const ApiKeyChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  rate_limits: Schema.optionalKey(KeyLimits)
}).annotate({ identifier: "ApiKeyChange", examples: [{ name: "shop", rate_limits: { ingest: 500 } }] })
export type ApiKeyChange = typeof ApiKeyChange.Type

/** How long the old key goes on beside the new one: 0 ends it at once, 24 where nothing is said. */
export const KeyRotation = Schema.Struct({
  overlap_hours: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: overlapHoursMax })))
}).annotate({ identifier: "KeyRotation", examples: [{ overlap_hours: 24 }] })
export type KeyRotation = typeof KeyRotation.Type

/** A key as it is kept: never the token itself. Times in ms UTC. */
export const ApiKey = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  scopes: Schema.Array(Schema.String),
  kind: Schema.Literals(["secret", "browser"]),
  origins: Schema.Array(Schema.String),
  /** Not there: flags of every environment. */
  environment: Schema.optionalKey(Schema.String),
  rate_limits: KeyLimits,
  created_at: Schema.Int,
  created_by: Schema.String,
  /**
   * Who stands behind it: the subject of the token by which it was made, or for whom the key stands that made it; of a
   * rotated key whoever rotated it, for they saw its token. Not there in keys from before this was kept.
   */
  person: Schema.optionalKey(Schema.String),
  expires_at: Schema.Int,
  revoked_at: Schema.NullOr(Schema.Int),
  /** The key that this one was made to follow, and the one that follows it. */
  replaces: Schema.NullOr(Schema.String),
  replaced_by: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

/** The token is shown this once. */
export const MadeApiKey = Schema.Struct({ ...ApiKey.fields, token: Schema.String }).annotate({
  identifier: "MadeApiKey"
})
export type MadeApiKey = typeof MadeApiKey.Type

/** A token that has no key here, of the command line or of another issuer, by its `jti` (its `sub` where it has none). */
export const Revocation = Schema.Struct({
  key_id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
}).annotate({ identifier: "Revocation", examples: [{ key_id: "0199e1a4-7c3f-7000-8000-123456789012" }] })
export type Revocation = typeof Revocation.Type
