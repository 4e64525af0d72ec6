import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { CohortRule } from "./CohortRule.ts"
import { PersonItem } from "./People.ts"

/** Ids that a static cohort lists. */
export const cohortMembersMax = 50_000
/** Ids that one request adds or removes. */
export const cohortMembersPageMax = 1000

const Membership = Schema.Union([
  /** Whom its list names, changed by `…/members`. */
  Schema.Struct({ kind: Schema.Literal("static") }),
  /** Whom the rule holds for whenever it is asked. */
  Schema.Struct({ kind: Schema.Literal("live"), rule: CohortRule })
])

export const cohorts = resource({
  name: "cohorts",
  singular: "cohort",
  identifier: "Cohort",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    membership: Membership
  },
  unique: ["name"],
  example: { name: "Beta testers", membership: { kind: "static" } }
})
export const CohortRevision = revisionOf("Cohort", cohorts.definition)
export type NewCohort = typeof cohorts.definition.Type
export type Cohort = typeof cohorts.item.Type

/** Parts of the lists of static cohorts. */
export const cohortMembers: Collection = {
  name: "cohort_members",
  unique: [],
  indexes: [{ name: "by_cohort", equals: ["cohort"], sort: "part", direction: "ascending" }]
}

export const CohortMembersChange = Schema.Struct({
  /** User ids, anonymous ids, or e-mail addresses. */
  people: Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(cohortMembersPageMax)
  )
}).annotate({ identifier: "CohortMembersChange", examples: [{ people: ["ada", "phone-1"] }] })
export type CohortMembersChange = typeof CohortMembersChange.Type

export const CohortMembersReceipt = Schema.Struct({
  /** Ids that were not listed before, or were. */
  changed: Schema.Int,
  /** Ids that the list has now. */
  listed: Schema.Int
}).annotate({ identifier: "CohortMembersReceipt" })
export type CohortMembersReceipt = typeof CohortMembersReceipt.Type

/** The instant that membership was asked for, where it was given; `null`: by all that is known. */
const at = Schema.NullOr(Schema.String)
const stamps = {
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  watermark: Schema.String,
  query_hash: Schema.String
}

export const CohortSize = Schema.Struct({
  /** A merged identity is one. Of a static cohort: those of its list who have sent an event. */
  people: Schema.Int,
  at,
  ...stamps
}).annotate({ identifier: "CohortSize" })
export type CohortSize = typeof CohortSize.Type

export const PeopleList = Schema.Struct({
  items: Schema.Array(PersonItem),
  next: Schema.NullOr(Schema.String),
  /** On all pages together. */
  people: Schema.Int,
  ...stamps
}).annotate({ identifier: "PeopleList" })
export type PeopleList = typeof PeopleList.Type

export const CohortMemberList = Schema.Struct({ ...PeopleList.fields, at }).annotate({ identifier: "CohortMemberList" })
export type CohortMemberList = typeof CohortMemberList.Type
