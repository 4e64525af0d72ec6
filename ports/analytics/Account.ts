import { Schema } from "effect"

/** Accounts that one event names: one for each of so many types. */
export const accountTypesMax = 5
/** The type of an account that is named without one. */
export const accountTypeUsual = "account"
export const accountTypePattern = /^[a-z][a-z0-9_]{0,49}$/

/** Events that tie their person to the accounts which they name, or untie them; `account_updated` sets traits alone. */
export const accountEventTypes = ["account_joined", "account_left", "account_updated"] as const
/** Those of them that say what an account is like. */
export const accountTraitEventTypes = ["account_joined", "account_updated"] as const

/**
 * What a question counts: `person` (the default), `account`, or `account:` and a type of accounts (`account:company`);
 * then `people` says how many accounts. An event that names an account of the type belongs to that one; any other to each
 * account of the type that its person belongs to at its place in event order: from the event `account_joined` on, this one
 * included, up to the next `account_left` of the same account, excluded. What arrives late changes past answers, the order
 * of arrival none. Merged people have their memberships together; what an erased person's events said of accounts goes
 * with them.
 */
export const AggregateBy = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100)))

const Instant = Schema.String

export const AccountItem = Schema.Struct({
  account_id: Schema.String,
  type: Schema.String,
  /** People who belong to it now. */
  members: Schema.Int,
  /** Of the events that belong to it. */
  first_seen: Instant,
  last_seen: Instant,
  events: Schema.Int,
  /** As `account_joined` and `account_updated` set them: of each the newest by event order. Personal data shows as `{ "encrypted": true }`. */
  traits: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "AccountItem" })
export type AccountItem = typeof AccountItem.Type

const stamps = {
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  watermark: Schema.String,
  query_hash: Schema.String
}

export const AccountList = Schema.Struct({
  items: Schema.Array(AccountItem),
  next: Schema.NullOr(Schema.String),
  /** On all pages together. */
  accounts: Schema.Int,
  ...stamps
}).annotate({ identifier: "AccountList" })
export type AccountList = typeof AccountList.Type

export const AccountTypeList = Schema.Struct({
  items: Schema.Array(Schema.Struct({ type: Schema.String })),
  next: Schema.Null
}).annotate({ identifier: "AccountTypeList" })
