import { Schema } from "effect"

const Instant = Schema.String
const Texts = Schema.Record(Schema.String, Schema.NullOr(Schema.String))

export const EventItem = Schema.Struct({
  event_id: Schema.String,
  event_type: Schema.String,
  person_id: Schema.String,
  user_id: Schema.NullOr(Schema.String),
  anonymous_id: Schema.String,
  session_id: Schema.NullOr(Schema.String),
  /** ISO 8601, UTC. */
  time: Instant,
  received_at: Instant,
  /** As the client said it. */
  timestamp: Instant,
  /** The client's clock when it sent the event. */
  sent_at: Schema.NullOr(Instant),
  historical: Schema.Boolean,
  page: Texts,
  device: Texts,
  geo: Texts,
  campaign: Texts,
  money: Schema.NullOr(Schema.Struct({ kind: Schema.String, amount: Schema.String, currency: Schema.String })),
  /** Encrypted values show as `{ "encrypted": true }`. */
  properties: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "EventItem" })
export type EventItem = typeof EventItem.Type

export const EventPage = Schema.Struct({ items: Schema.Array(EventItem), next: Schema.NullOr(Schema.String) }).annotate(
  { identifier: "EventPage" }
)
export type EventPage = typeof EventPage.Type

export const PersonItem = Schema.Struct({
  person_id: Schema.String,
  first_seen: Instant,
  last_seen: Instant,
  events: Schema.Int
}).annotate({ identifier: "PersonItem" })
export type PersonItem = typeof PersonItem.Type

export const PersonPage = Schema.Struct({
  items: Schema.Array(PersonItem),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "PersonPage" })
export type PersonPage = typeof PersonPage.Type

export const Person = Schema.Struct({
  ...PersonItem.fields,
  /** Clear only for tokens with the scope `pii:read`; else personal data shows as `{ "encrypted": true }`. */
  traits: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "Person" })
export type Person = typeof Person.Type

export const EventTypes = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      event_type: Schema.String,
      events: Schema.Int,
      standard: Schema.Boolean,
      /** Of a standard type: the properties that are typed, and as what. */
      properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  ),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "EventTypes" })

export const NewMerge = Schema.Struct({
  /** Ids of users; both count as `into` from now on. */
  from: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  into: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  /** Needed where both users have events of their own. */
  force: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "NewMerge", examples: [{ from: "old-account", into: "new-account" }] })
export type NewMerge = typeof NewMerge.Type

export const Merge = Schema.Struct({
  id: Schema.String,
  from: Schema.String,
  into: Schema.String,
  merged_at: Schema.Int,
  merged_by: Schema.String
}).annotate({ identifier: "Merge" })
export type Merge = typeof Merge.Type
export const MergePage = Schema.Struct({ items: Schema.Array(Merge), next: Schema.NullOr(Schema.String) })

const PeopleByValue = Schema.Array(Schema.Struct({ value: Schema.String, people: Schema.Int }))

/** People with an event in the last minutes; lists hold the 25 largest values. */
export const ActiveUsers = Schema.Struct({
  people: Schema.Int,
  window_minutes: Schema.Int,
  by_page: PeopleByValue,
  /** Campaign source, else the host that linked. */
  by_source: PeopleByValue,
  by_country: PeopleByValue
}).annotate({ identifier: "ActiveUsers" })
export type ActiveUsers = typeof ActiveUsers.Type
