import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { removedEventTypesMax } from "./EventLake.ts"

/** Policies of one workspace, and legal holds. */
export const retentionPoliciesMax = 50
export const legalHoldsMax = 100
/** Days that a policy may keep events: a hundred years. */
export const retentionDaysMax = 36_525

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const EventTypes = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(removedEventTypesMax)
)

/** How long events are kept: of the types that it names, or of all that no other policy names. */
export const retentionPolicies = resource({
  name: "retention_policies",
  singular: "retention policy",
  identifier: "RetentionPolicy",
  fields: {
    name: Name,
    /** From the event's time on. */
    days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: retentionDaysMax })),
    /** Every other type where it is left out. A type stands in one policy alone. */
    event_types: Schema.optionalKey(EventTypes)
  },
  unique: ["name"],
  example: { name: "Page views", days: 400, event_types: ["page_view"] }
})
export type NewRetentionPolicy = typeof retentionPolicies.definition.Type
export type RetentionPolicy = typeof retentionPolicies.item.Type

/** What must stay, whatever policies say: events for which all that is given holds. A held person is not erased. */
export const legalHolds = resource({
  name: "legal_holds",
  singular: "legal hold",
  identifier: "LegalHold",
  fields: {
    name: Name,
    reason: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(500)),
    /** Of this person, under all their ids. */
    person: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))),
    event_types: Schema.optionalKey(EventTypes),
    /** Time of the event, ms UTC: from the first on and before the second. */
    from: Schema.optionalKey(Schema.Int),
    to: Schema.optionalKey(Schema.Int)
  },
  unique: ["name"],
  example: { name: "Case 12 of 2026", reason: "asked for by the court", event_types: ["order_completed"] }
})
export type NewLegalHold = typeof legalHolds.definition.Type
export type LegalHold = typeof legalHolds.item.Type

/** Workspaces that have had a policy. */
export const retainingWorkspaces: Collection = {
  name: "retaining_workspaces",
  unique: [],
  indexes: [{ name: "by_name", equals: [], sort: "name", direction: "ascending" }]
}

/** What the policies would remove now, or with another one. */
export const RetentionDryRun = Schema.Struct({
  policy: Schema.optionalKey(retentionPolicies.definition),
  /** The kept policy that it would take the place of; one more without it. */
  replaces: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300)))
}).annotate({ identifier: "RetentionDryRun", examples: [{ policy: { name: "All", days: 730 } }] })
export type RetentionDryRun = typeof RetentionDryRun.Type

export const RetentionForecast = Schema.Struct({
  /** Now, ms UTC. */
  at: Schema.Int,
  policies: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      days: Schema.Int,
      /** Events before it go, ms UTC. */
      before: Schema.Int,
      event_types: Schema.Array(
        Schema.Struct({
          event_type: Schema.String,
          events: Schema.Int,
          /** UTC day of the oldest. */
          oldest_day: Schema.String
        })
      ),
      events: Schema.Int,
      /** Events that the lake would lose: the same ones, as far as it is filled. */
      lake_events: Schema.Int,
      /** Events that would go but for legal holds. */
      held_events: Schema.Int
    })
  ),
  events: Schema.Int,
  held_events: Schema.Int,
  legal_holds: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String }))
}).annotate({ identifier: "RetentionForecast" })
export type RetentionForecast = typeof RetentionForecast.Type
