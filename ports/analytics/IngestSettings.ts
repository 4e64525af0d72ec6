import { Schema } from "effect"

const Names = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))).check(
  Schema.isMaxLength(100)
)

/** What a workspace decides about its events. */
export const IngestSettings = Schema.Struct({
  /** Events of known bots are dropped. */
  drop_bots: Schema.Boolean,
  /** Events with a known spam referrer are dropped. */
  drop_referrer_spam: Schema.Boolean,
  /** Addresses and CIDR networks whose events are dropped: own offices, data centres. */
  excluded_networks: Names,
  /** `client`: events must name their session; `server`: sessions are derived when asked. */
  sessions: Schema.Literals(["client", "server"]),
  /** Names in `properties` and `properties.traits` that are personal data, beside the built-in list. */
  personal_fields: Names,
  /** Query parameters of page addresses that are kept, beside campaign parameters. */
  kept_query_parameters: Names,
  /** Hosts that are the workspace's own: never referrers. */
  own_domains: Names,
  /** Keeps whole addresses. Off by default: addresses are cut to /24 and /48. */
  store_full_ip: Schema.Boolean
}).annotate({ identifier: "IngestSettings" })
export type IngestSettings = typeof IngestSettings.Type

export const ingestSettingsInitial: IngestSettings = {
  drop_bots: true,
  drop_referrer_spam: true,
  excluded_networks: [],
  sessions: "client",
  personal_fields: [],
  kept_query_parameters: [],
  own_domains: [],
  store_full_ip: false
}
