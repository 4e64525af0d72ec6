import { Schema } from "effect"
import { ErasureReceipt } from "../analytics/Erasure.ts"
import type { Collection } from "../documents/DocumentStore.ts"

/** Requests that a workspace may have open at once. */
export const openRequestsMax = 10_000
/** Traits that one rectification sets. */
export const rectifiedTraitsMax = 50
/** Entries of a request's history; requests with more take no more decisions. */
export const historyMax = 200
/** How long an answered export can be fetched. */
export const exportDays = 30
/** How long the token of a challenge holds. */
export const challengeDays = 7

export const PrivacyRequestKind = Schema.Literals([
  "access",
  "export",
  "erase",
  "rectify",
  "restrict",
  "lift_restriction",
  "do_not_sell"
])
export type PrivacyRequestKind = typeof PrivacyRequestKind.Type

/** What the deadline comes from: GDPR Art. 12(3), or CCPA § 1798.130(a)(2). */
export const PrivacyLaw = Schema.Literals(["gdpr", "ccpa"])
export type PrivacyLaw = typeof PrivacyLaw.Type

const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))
const Reason = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(500))

export const NewPrivacyRequest = Schema.Struct({
  kind: PrivacyRequestKind,
  /** Id of the person; an e-mail address or a phone number is kept as its HMAC. */
  person: Id,
  /** `gdpr` unless it says otherwise. */
  law: Schema.optionalKey(PrivacyLaw),
  /** When it reached the operator, ms UTC; now unless it says otherwise. The deadline counts from then. */
  received_at: Schema.optionalKey(Schema.Int),
  /** The operator's own number for it. */
  reference: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
  /** What is right, for `rectify` alone; kept sealed until it is written. */
  traits: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
}).annotate({ identifier: "NewPrivacyRequest", examples: [{ kind: "access", person: "customer-1", law: "gdpr" }] })
export type NewPrivacyRequest = typeof NewPrivacyRequest.Type

/** Proof that the request is the person's: what an operator asserts, or the token that was sent to the person. */
export const Verification = Schema.Union([
  Schema.Struct({ method: Schema.Literal("operator"), evidence: Reason }),
  Schema.Struct({ method: Schema.Literal("token"), token: Schema.String.check(Schema.isMaxLength(200)) })
]).annotate({
  identifier: "Verification",
  examples: [{ method: "operator", evidence: "showed the customer card in the shop" }]
})
export type Verification = typeof Verification.Type

export const Decision = Schema.Union([
  /** Once, before the deadline: two months more by GDPR, 45 days more by CCPA. The person must be told why. */
  Schema.Struct({ decision: Schema.Literal("extend"), reason: Reason }),
  Schema.Struct({ decision: Schema.Literal("refuse"), reason: Reason }),
  Schema.Struct({ decision: Schema.Literal("withdraw") })
]).annotate({
  identifier: "PrivacyDecision",
  examples: [{ decision: "extend", reason: "many requests of the same person" }]
})
export type Decision = typeof Decision.Type

export const RequestStatus = Schema.Literals(["unverified", "in_progress", "completed", "refused", "withdrawn"])
export type RequestStatus = typeof RequestStatus.Type

export const RequestStep = Schema.Struct({
  name: Schema.String,
  /** `waiting` also for another step. */
  status: Schema.Literals(["waiting", "done", "failed"]),
  attempts: Schema.Int,
  /** End of the last attempt, ms UTC. */
  at: Schema.NullOr(Schema.Int),
  /** Why the last attempt failed. */
  error: Schema.NullOr(Schema.String)
}).annotate({ identifier: "PrivacyRequestStep" })
export type RequestStep = typeof RequestStep.Type

export const RequestHistory = Schema.Struct({
  /** ms UTC */
  at: Schema.Int,
  by: Schema.String,
  event: Schema.Literals(["received", "challenged", "verified", "extended", "refused", "withdrawn", "completed"]),
  detail: Schema.NullOr(Schema.String)
})
export type RequestHistory = typeof RequestHistory.Type

export const PrivacyRequest = Schema.Struct({
  id: Schema.String,
  kind: PrivacyRequestKind,
  /** As stored; once erased, an HMAC. */
  person: Schema.String,
  law: PrivacyLaw,
  reference: Schema.NullOr(Schema.String),
  status: RequestStatus,
  received_at: Schema.Int,
  /** By then it must be answered, ms UTC. */
  due_at: Schema.Int,
  extended: Schema.Boolean,
  verification: Schema.NullOr(
    Schema.Struct({
      method: Schema.Literals(["operator", "token"]),
      by: Schema.String,
      at: Schema.Int,
      evidence: Schema.NullOr(Schema.String)
    })
  ),
  /** Names of the traits that a rectification sets. */
  trait_names: Schema.Array(Schema.String),
  steps: Schema.Array(RequestStep),
  /** Records held, by module and kind: of `access` and `export`. */
  inventory: Schema.NullOr(Schema.Record(Schema.String, Schema.Int)),
  /** Of `erase`. */
  receipt: Schema.NullOr(ErasureReceipt),
  completed_at: Schema.NullOr(Schema.Int),
  /** Until then an answered export can be fetched, ms UTC. */
  available_until: Schema.NullOr(Schema.Int),
  history: Schema.Array(RequestHistory)
}).annotate({ identifier: "PrivacyRequest" })
export type PrivacyRequest = typeof PrivacyRequest.Type

/** A request as it is answered: whether its deadline is over. */
export const PrivacyRequestItem = Schema.Struct({ ...PrivacyRequest.fields, overdue: Schema.Boolean }).annotate({
  identifier: "PrivacyRequestItem"
})
export type PrivacyRequestItem = typeof PrivacyRequestItem.Type

export const Challenge = Schema.Struct({
  /** Shown this once: to be sent to an address that is known to be the person's. */
  token: Schema.String,
  expires_at: Schema.Int
}).annotate({ identifier: "PrivacyChallenge" })
export type Challenge = typeof Challenge.Type

/** A request as it is kept. */
export interface KeptRequest extends PrivacyRequest {
  /** SHA-256 of the token, hex. */
  readonly challenge?: { readonly hash: string; readonly expires_at: number }
  /** base64url of the sealed JSON of traits. */
  readonly sealed_traits?: string
}

export const privacyRequests: Collection = {
  name: "privacy_requests",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "received_at", direction: "descending" },
    { name: "by_status", equals: ["status"], sort: "due_at", direction: "ascending" },
    { name: "by_kind", equals: ["kind"], sort: "received_at", direction: "descending" },
    { name: "by_kind_and_status", equals: ["kind", "status"], sort: "due_at", direction: "ascending" }
  ]
}

/** Requests of every workspace whose steps are not at their end. */
export const runningPrivacyRequests: Collection = {
  name: "running_privacy_requests",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "verified_at", direction: "ascending" }]
}

/** A person whose data is kept and not processed (GDPR Art. 18), by the ids that were known then. */
export interface Restriction {
  readonly id: string
  readonly person: string
  readonly ids: ReadonlyArray<string>
  readonly created_at: number
  readonly created_by: string
}

export const RestrictedPerson = Schema.Struct({
  person_id: Schema.String,
  /** Those that were known when it was restricted; others of the person are, too. */
  ids: Schema.Array(Schema.String),
  /** ms UTC. */
  restricted_at: Schema.Int,
  /** The key that it was asked with. */
  restricted_by: Schema.String
}).annotate({ identifier: "RestrictedPerson" })
export type RestrictedPerson = typeof RestrictedPerson.Type

export const restrictions: Collection = {
  name: "restrictions",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "created_at", direction: "descending" }]
}

/** Workspaces that have had a restriction. */
export const restrictingWorkspaces: Collection = {
  name: "restricting_workspaces",
  unique: [],
  indexes: [{ name: "by_name", equals: [], sort: "name", direction: "ascending" }]
}

/** What a person has decided about the use of their data. */
export const PrivacyPreference = Schema.Struct({
  person_id: Schema.String,
  do_not_sell: Schema.Boolean,
  /** Where the decision comes from: a request, a browser's Global Privacy Control signal, or an operator. */
  source: Schema.NullOr(Schema.Literals(["request", "gpc", "operator"])),
  changed_at: Schema.NullOr(Schema.Int)
}).annotate({ identifier: "PrivacyPreference" })
export type PrivacyPreference = typeof PrivacyPreference.Type

export const NewPrivacyPreference = Schema.Struct({
  person: Id,
  do_not_sell: Schema.Boolean,
  source: Schema.Literals(["gpc", "operator"])
}).annotate({
  identifier: "NewPrivacyPreference",
  examples: [{ person: "customer-1", do_not_sell: true, source: "gpc" }]
})
export type NewPrivacyPreference = typeof NewPrivacyPreference.Type

export const privacyPreferences: Collection = {
  name: "privacy_preferences",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "changed_at", direction: "descending" }]
}
