import { Schema } from "effect"
import { FieldError } from "../analytics/IngestReceipt.ts"
import type { Collection } from "../documents/DocumentStore.ts"
import { NewPhase } from "./Experiment.ts"
import { environments, FlagArchiving, flags, holdouts, segments } from "./Flag.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** Definitions that one request changes: all in one transaction. */
export const changesMax = 30
/** Open requests of a workspace. */
export const openRequestsMax = 500
/** Days that a request is kept once it is closed. */
export const closedRequestsKeptDays = 365
export const commentsMax = 200
/** Keys by which one draft was written. */
export const authorKeysMax = 100
/** Bytes of a request as it is stored, drafts and what they began from, as JSON. */
export const requestBytesMax = 2 * 1024 * 1024

const Words = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(2000))
const baseRevision = {
  /** The revision that the draft began from, as the `ETag` of the definition says it; the one that stands by default. */
  base_revision: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)))
}

const draftedFields = <Kind extends string, Definition extends Schema.Top>(kind: Kind, definition: Definition) => ({
  kind: Schema.Literal(kind),
  id: DefinitionKey,
  /** All of it, as it is to be; `null` deletes it. */
  definition: Schema.NullOr(definition),
  ...baseRevision
})
const drafted = <Kind extends string, Definition extends Schema.Top>(kind: Kind, definition: Definition) =>
  Schema.Struct(draftedFields(kind, definition))

/** Of a flag without a definition: it is not deleted, but put away. */
const archiving = { archive: Schema.optionalKey(FlagArchiving) }

/** What a running experiment's life goes on with: it is decided when the request is applied. */
export const ExperimentStep = Schema.Union([
  Schema.Struct({ step: Schema.Literal("start") }),
  Schema.Struct({ step: Schema.Literal("stop") }),
  Schema.Struct({ step: Schema.Literal("open_phase"), phase: NewPhase })
]).annotate({ identifier: "ExperimentStep" })
export type ExperimentStep = typeof ExperimentStep.Type

export const NewDefinitionChange = Schema.Union([
  Schema.Struct({ ...draftedFields("flag", flags.definition), ...archiving }),
  drafted("segment", segments.definition),
  drafted("holdout", holdouts.definition),
  drafted("environment", environments.definition),
  Schema.Struct({
    kind: Schema.Literal("experiment"),
    id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
    act: ExperimentStep,
    ...baseRevision
  })
]).annotate({ identifier: "NewDefinitionChange" })
export type NewDefinitionChange = typeof NewDefinitionChange.Type
export type DefinitionKind = NewDefinitionChange["kind"]

const words = {
  title: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000)))
}

export const NewChangeRequest = Schema.Struct({
  ...words,
  changes: Schema.Array(NewDefinitionChange).check(Schema.isMinLength(1), Schema.isMaxLength(changesMax))
}).annotate({
  identifier: "NewChangeRequest",
  examples: [
    {
      title: "A new home page for everybody",
      changes: [
        {
          kind: "flag",
          id: "new-home",
          definition: { key: "new-home", type: "boolean", environments: { production: { enabled: true } } }
        }
      ]
    }
  ]
})
export type NewChangeRequest = typeof NewChangeRequest.Type

/** What the draft began from; a definition that is `null` was not there. */
const base = {
  base: Schema.Struct({ revision: Schema.Int, definition: Schema.NullOr(Schema.Unknown) })
}
const kept = { id: Schema.String, ...base }

export const DefinitionChange = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("flag"),
    definition: Schema.NullOr(flags.definition),
    ...archiving,
    ...kept
  }),
  Schema.Struct({ kind: Schema.Literal("segment"), definition: Schema.NullOr(segments.definition), ...kept }),
  Schema.Struct({ kind: Schema.Literal("holdout"), definition: Schema.NullOr(holdouts.definition), ...kept }),
  Schema.Struct({ kind: Schema.Literal("environment"), definition: Schema.NullOr(environments.definition), ...kept }),
  Schema.Struct({ kind: Schema.Literal("experiment"), act: ExperimentStep, ...kept })
]).annotate({ identifier: "DefinitionChange" })
export type DefinitionChange = typeof DefinitionChange.Type

export const ChangeRequestStatus = Schema.Literals([
  "draft",
  /** Others may approve it. */
  "in_review",
  "applied",
  "rejected",
  "withdrawn"
]).annotate({ identifier: "ChangeRequestStatus" })
export type ChangeRequestStatus = typeof ChangeRequestStatus.Type

/** Who did something: the person who stands behind the token, and its key. Times in ms UTC. */
const act = { by: Schema.String, key: Schema.String, at: Schema.Int }

const life = {
  id: Schema.String,
  created_at: Schema.Int,
  created_by: Schema.String,
  changed_at: Schema.Int,
  changed_by: Schema.String,
  status: ChangeRequestStatus,
  /** Raised by every change of the draft, which ends the approvals that it had. */
  version: Schema.Int,
  /** People who wrote the draft: none of them approves it. */
  authors: Schema.Array(Schema.String),
  /** Keys by which they wrote it; not there in requests from before this was kept. */
  author_keys: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Of this version, one of each person. One by a key that was revoked, or from before an author's was, does not count. */
  approvals: Schema.Array(Schema.Struct({ ...act, comment: Schema.NullOr(Schema.String) })),
  /** When it is to be applied, ms UTC. */
  apply_at: Schema.NullOr(Schema.Int),
  /** Who asked for that. */
  scheduled_by: Schema.NullOr(Schema.Struct(act)),
  /** Why it was not applied at its time. */
  problem: Schema.NullOr(Schema.Struct({ at: Schema.Int, detail: Schema.String, errors: Schema.Array(FieldError) })),
  /** How it ended. */
  outcome: Schema.NullOr(
    Schema.Struct({
      ...act,
      kind: Schema.Literals(["applied", "bypassed", "rejected", "withdrawn"]),
      reason: Schema.NullOr(Schema.String)
    })
  )
}

export const ChangeRequest = Schema.Struct({
  ...words,
  ...life,
  changes: Schema.Array(DefinitionChange),
  comments: Schema.Array(Schema.Struct({ ...act, text: Schema.String }))
}).annotate({ identifier: "ChangeRequest" })
export type ChangeRequest = typeof ChangeRequest.Type

/** A request in a list: what it changes by name alone. */
export const ChangeRequestItem = Schema.Struct({
  ...words,
  ...life,
  changes: Schema.Array(Schema.Struct({ kind: Schema.String, id: Schema.String })),
  comments: Schema.Int
}).annotate({ identifier: "ChangeRequestItem" })
export type ChangeRequestItem = typeof ChangeRequestItem.Type

/** An approval speaks of the version that was seen. */
export const NewApproval = Schema.Struct({
  version: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  comment: Schema.optionalKey(Words)
}).annotate({ identifier: "NewApproval", examples: [{ version: 1, comment: "As agreed" }] })
export type NewApproval = typeof NewApproval.Type

export const NewComment = Schema.Struct({ text: Words }).annotate({
  identifier: "NewComment",
  examples: [{ text: "Why not ten percent first?" }]
})
/** Why a request is rejected, withdrawn, or applied without approvals. */
export const StatedReason = Schema.Struct({ reason: Words }).annotate({
  identifier: "StatedReason",
  examples: [{ reason: "The page is down" }]
})
export const NewApplyTime = Schema.Struct({
  /** ISO 8601 with offset. */
  apply_at: Schema.String.check(Schema.isMaxLength(100))
}).annotate({ identifier: "NewApplyTime", examples: [{ apply_at: "2099-01-01T09:00:00+01:00" }] })

export const NewRebase = Schema.Struct({
  /** Whose word counts where both have changed the same thing; without it that is refused. */
  prefer: Schema.optionalKey(Schema.Literals(["draft", "live"]))
}).annotate({ identifier: "NewRebase", examples: [{ prefer: "draft" }] })
export type NewRebase = typeof NewRebase.Type

/** One thing that differs; elements of lists such as rules and variants stand under their names. */
export const FieldDifference = Schema.Struct({
  pointer: Schema.String,
  change: Schema.Literals(["added", "removed", "changed", "reordered"]),
  before: Schema.optionalKey(Schema.Unknown),
  after: Schema.optionalKey(Schema.Unknown)
}).annotate({ identifier: "FieldDifference" })
export type FieldDifference = typeof FieldDifference.Type

const Differences = Schema.Array(FieldDifference)

/** What a request would do, beside what happened since it was written. */
export const ChangeRequestDiff = Schema.Struct({
  id: Schema.String,
  version: Schema.Int,
  /** Whether a definition is not what the draft began from: it is rebased before it is applied. */
  stale: Schema.Boolean,
  approvals: Schema.Struct({
    required: Schema.Int,
    given: Schema.Int,
    /** Environments whose approvals it needs, for what they evaluate would change. */
    environments: Schema.Array(Schema.String)
  }),
  changes: Schema.Array(
    Schema.Struct({
      kind: Schema.String,
      id: Schema.String,
      /** Between what the draft began from and the draft. */
      draft: Differences,
      /** Between what it began from and what stands. */
      meanwhile: Differences,
      /** Between what stands and what would: of a request that is not stale the same as `draft`. */
      live: Differences,
      /** Where the draft and the others have changed the same thing. */
      conflicts: Schema.Array(Schema.String)
    })
  ),
  /** Why it could not be applied as things stand, approvals aside. */
  errors: Schema.Array(FieldError)
}).annotate({ identifier: "ChangeRequestDiff" })
export type ChangeRequestDiff = typeof ChangeRequestDiff.Type

export const changeRequests: Collection = {
  name: "change_requests",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "created_at", direction: "descending" },
    { name: "by_status", equals: ["status"], sort: "created_at", direction: "descending" },
    { name: "by_due", equals: ["status"], sort: "apply_at", direction: "ascending" }
  ]
}
