import { Schema } from "effect"

/** Characters before the event id in every stored line: `{"v":1,"event_id":"`. Readers may cut the id out unparsed. */
export const storedLineIdOffset = 19
export const storedLineVersion = 1

/** A value in `properties` or `traits`, at any depth, that was personal data: ciphertext, its blind index, and for e-mail the domain. */
export const EncryptedValue = Schema.Struct({
  /** base64url of nonce (12 bytes) + ciphertext + tag (16 bytes), AES-256-GCM. */
  $pii: Schema.String,
  /** Hex HMAC-SHA-256 of the normalised value under the workspace's index key. */
  $index: Schema.String,
  $domain: Schema.optionalKey(Schema.String)
})

export const StoredMoney = Schema.Struct({
  kind: Schema.Literals(["order", "refund"]),
  order_id: Schema.String,
  refund_id: Schema.optionalKey(Schema.String),
  /** Integer minor units of `currency` (ISO 4217 exponent), never negative. */
  minor: Schema.Int,
  currency: Schema.String
})

/** Facts that ingestion noticed and kept with the event; the HTTP answer repeats them. */
export const EventNote = Schema.Literals([
  "time_clamped",
  "clock_skew_corrected",
  "money_dropped_negative",
  "money_dropped_precision",
  "money_dropped_currency",
  "money_dropped_amount",
  "money_dropped_order_id",
  "property_type_unexpected",
  "email_removed",
  "account_dropped"
])
export type EventNote = typeof EventNote.Type

/**
 * One line of the event log, version 1: one JSON object without line breaks, keys in this order
 * (`v` and `event_id` first, so that the id stands at {@link storedLineIdOffset}).
 * Never migrated; readers lift older versions by pure functions. Unset fields are absent.
 */
export const StoredEvent = Schema.Struct({
  v: Schema.Literal(storedLineVersion),
  /** UUID, lower case. */
  event_id: Schema.String,
  workspace: Schema.String,
  event_type: Schema.String,
  anonymous_id: Schema.String,
  /** As sent, or `h_` + hex HMAC where the id was an e-mail address or a phone number. */
  user_id: Schema.optionalKey(Schema.String),
  session_id: Schema.optionalKey(Schema.String),
  /** Event time after skew correction and clamping, ms UTC. Questions run on this. */
  time: Schema.Int,
  /** Arrival, µs UTC. */
  received_at: Schema.Int,
  /** Place in its batch, from 0. */
  index: Schema.Int,
  /** Timestamp as the client said it, ms UTC. */
  timestamp: Schema.Int,
  sent_at: Schema.optionalKey(Schema.Int),
  historical: Schema.optionalKey(Schema.Literal(true)),
  /** The event itself is gone by retention: the line tells alone that it was its subject's first of its type, and when. */
  expired: Schema.optionalKey(Schema.Literal(true)),
  notes: Schema.optionalKey(Schema.Array(EventNote)),
  page: Schema.optionalKey(
    Schema.Struct({
      url: Schema.String,
      host: Schema.optionalKey(Schema.String),
      path: Schema.String,
      title: Schema.optionalKey(Schema.String),
      referrer: Schema.optionalKey(Schema.String),
      referrer_host: Schema.optionalKey(Schema.String)
    })
  ),
  device: Schema.optionalKey(
    Schema.Struct({
      type: Schema.optionalKey(Schema.String),
      os: Schema.optionalKey(Schema.String),
      browser: Schema.optionalKey(Schema.String)
    })
  ),
  geo: Schema.optionalKey(
    Schema.Struct({
      country: Schema.optionalKey(Schema.String),
      region: Schema.optionalKey(Schema.String),
      city: Schema.optionalKey(Schema.String)
    })
  ),
  /** IPv4 cut to /24, IPv6 to /48. */
  ip: Schema.optionalKey(Schema.String),
  campaign: Schema.optionalKey(
    Schema.Struct({
      source: Schema.optionalKey(Schema.String),
      medium: Schema.optionalKey(Schema.String),
      campaign: Schema.optionalKey(Schema.String),
      term: Schema.optionalKey(Schema.String),
      content: Schema.optionalKey(Schema.String),
      /** Which click id the URL bore: gclid, fbclid, msclkid, ttclid, li_fat_id, twclid. */
      click_id_type: Schema.optionalKey(Schema.String),
      click_id: Schema.optionalKey(Schema.String)
    })
  ),
  money: Schema.optionalKey(StoredMoney),
  traits: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  traits_once: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  /** Ids of the accounts that the event names, by type; personal ids replaced as those of users are. */
  accounts: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  properties: Schema.Record(Schema.String, Schema.Unknown),
  /** W3C traceparent of the request that brought it. */
  traceparent: Schema.optionalKey(Schema.String)
})
export type StoredEvent = typeof StoredEvent.Type
