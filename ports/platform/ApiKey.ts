import { Schema } from "effect"

export const scopeNames = [
  "*",
  "events:*",
  "events:write",
  "events:import",
  "flags:evaluate",
  "analytics:*",
  "analytics:read",
  "analytics:write",
  "persons:*",
  "persons:read",
  "persons:write",
  "pii:read",
  "platform:*",
  "platform:read",
  "platform:write"
] as const

export const keyDaysMax = 3650

/** What a new key may do. */
export const NewApiKey = Schema.Struct({
  name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  scopes: Schema.Array(Schema.Literals(scopeNames)).check(Schema.isMinLength(1), Schema.isMaxLength(50)),
  /** A browser key holds only `events:write` and `flags:evaluate`, on its origins. */
  kind: Schema.optionalKey(Schema.Literals(["secret", "browser"])),
  origins: Schema.optionalKey(
    Schema.Array(Schema.String.check(Schema.isPattern(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/))).check(
      Schema.isMaxLength(50)
    )
  ),
  expires_in_days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: keyDaysMax })))
}).annotate({
  identifier: "NewApiKey",
  examples: [{ name: "web site", scopes: ["events:write"], kind: "browser", origins: ["https://example.com"] }]
})
export type NewApiKey = typeof NewApiKey.Type

/** A key as it is kept: never the token itself. Times in ms UTC. */
export const ApiKey = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  scopes: Schema.Array(Schema.String),
  kind: Schema.Literals(["secret", "browser"]),
  origins: Schema.Array(Schema.String),
  created_at: Schema.Int,
  created_by: Schema.String,
  expires_at: Schema.Int,
  revoked_at: Schema.NullOr(Schema.Int)
}).annotate({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

/** The token is shown this once. */
export const MadeApiKey = Schema.Struct({ ...ApiKey.fields, token: Schema.String }).annotate({
  identifier: "MadeApiKey"
})
