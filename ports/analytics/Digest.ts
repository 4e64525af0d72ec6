import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { MessagePreview, Recipients } from "./Alert.ts"

/** Digests of one workspace. */
export const digestsMax = 100
/** A digest that could not be made for so long is left out: the next one tells more. */
export const digestLateMillisMax = 3 * 86_400_000

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const hour = between(0, 23)

/** In the workspace's zone. Where clocks skip the hour, the first moment behind it; where they show it twice, the first. */
export const DigestSchedule = Schema.Union([
  /** Of the last week that is over. 1 is Monday, 7 Sunday. */
  Schema.Struct({ every: Schema.Literal("week"), weekday: between(1, 7), hour }),
  /** Of the last month that is over. */
  Schema.Struct({ every: Schema.Literal("month"), day: between(1, 28), hour })
]).annotate({ identifier: "DigestSchedule" })
export type DigestSchedule = typeof DigestSchedule.Type

export const DigestContents = Schema.Union([
  /** People, sessions, events, orders and revenue against the period before; top pages, channels and countries. */
  Schema.Struct({ kind: Schema.Literal("numbers") }),
  /** The answers of a dashboard's tiles, each for its own range. */
  Schema.Struct({
    kind: Schema.Literal("dashboard"),
    dashboard: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))
  })
]).annotate({ identifier: "DigestContents" })
export type DigestContents = typeof DigestContents.Type

/** Numbers by e-mail, each week or month. Whoever no longer wants them is taken off the recipients. */
export const digests = resource({
  name: "digests",
  singular: "digest",
  identifier: "Digest",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    schedule: DigestSchedule,
    contents: DigestContents,
    /** Each gets a message of its own. */
    recipients: Recipients,
    paused: Schema.optionalKey(Schema.Boolean)
  },
  unique: ["name"],
  example: {
    name: "Monday's numbers",
    schedule: { every: "week", weekday: 1, hour: 8 },
    contents: { kind: "numbers" },
    recipients: ["anna@example.org"]
  }
})
export const DigestRevision = revisionOf("Digest", digests.definition)
export type NewDigest = typeof digests.definition.Type
export type Digest = typeof digests.item.Type

export const DigestState = Schema.Struct({
  digest: Schema.String,
  /** ms UTC, as all times here; `null` while it is paused. */
  next_at: Schema.NullOr(Schema.Int),
  /** The time of the schedule up to which all is done. */
  done_until: Schema.Int,
  /** When messages were last put into the queue. */
  sent_at: Schema.NullOr(Schema.Int),
  problem: Schema.NullOr(Schema.String)
}).annotate({ identifier: "DigestState" })
export type DigestState = typeof DigestState.Type

export const digestStates: Collection = {
  name: "digest_states",
  unique: [],
  indexes: [{ name: "by_due", equals: [], sort: "next_at", direction: "ascending" }]
}

export const DigestPreview = Schema.Struct({
  ...MessagePreview.fields,
  /** Days of the period, both included, in the zone. */
  from: Schema.String,
  to: Schema.String,
  time_zone: Schema.String
}).annotate({ identifier: "DigestPreview" })
export type DigestPreview = typeof DigestPreview.Type
