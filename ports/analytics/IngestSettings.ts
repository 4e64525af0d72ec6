import { Schema } from "effect"

const Names = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))).check(
  Schema.isMaxLength(100)
)

/** An address, or a network like 203.0.113.0/24 or 2001:db8::/32. */
const networkPattern =
  /^(\d{1,3}(\.\d{1,3}){3}(\/([12]?\d|3[0-2]))?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(\/(\d{1,2}|1[01]\d|12[0-8]))?)$/

/** Networks that a workspace may exclude: room for the lists that cloud providers publish. */
export const excludedNetworksMax = 5000

/** 10 hours. */
export const sessionIdleMinutesMax = 600
export const sessionIdleMinutesUsual = 30
export const sessionMaximumMinutesMin = 30
/** A week. */
export const sessionMaximumMinutesMax = 10_080
export const sessionMaximumMinutesUsual = 1440

/** What a workspace decides about its events. */
export const IngestSettings = Schema.Struct({
  /** Events of known bots are dropped. */
  drop_bots: Schema.Boolean,
  /** Events with a known spam referrer are dropped. */
  drop_referrer_spam: Schema.Boolean,
  /** Events from the built-in list of large hosting networks are dropped; on unless it says false. */
  drop_datacenters: Schema.optionalKey(Schema.Boolean),
  /** Addresses and CIDR networks whose events are dropped: own offices, further data centres. */
  excluded_networks: Schema.Array(Schema.String.check(Schema.isPattern(networkPattern))).check(
    Schema.isMaxLength(excludedNetworksMax)
  ),
  /** `client`: events must name their session; `server`: sessions are derived when asked. */
  sessions: Schema.Literals(["client", "server"]),
  /** A longer pause begins a new session, for events without a session id; 30 unless set. */
  session_idle_minutes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: sessionIdleMinutesMax }))
  ),
  /** So does an event that comes later than this after the session's first; 24 hours unless set. */
  session_maximum_minutes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: sessionMaximumMinutesMin, maximum: sessionMaximumMinutesMax }))
  ),
  /** Names in `properties` and `properties.traits`, at any depth, that are personal data, beside the built-in list. */
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
  drop_datacenters: true,
  excluded_networks: [],
  sessions: "client",
  personal_fields: [],
  kept_query_parameters: [],
  own_domains: [],
  store_full_ip: false
}
