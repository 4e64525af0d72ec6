import { Schema } from "effect"
import type { Collection } from "./DocumentStore.ts"

/** Revisions of one document that can be read; of older ones the audit log tells. */
export const revisionsKeptMax = 50

/** What a document was from a revision on; times in ms UTC. */
export const revisionOf = <Definition extends Schema.Top>(identifier: string, definition: Definition) =>
  Schema.Struct({
    revision: Schema.Int,
    changed_at: Schema.Int,
    changed_by: Schema.String,
    definition
  }).annotate({ identifier: `${identifier}Revision` })

/** Of every kind of document whose revisions are kept. */
export const keptRevisions: Collection = {
  name: "kept_revisions",
  unique: [],
  indexes: [
    { name: "by_revision", equals: ["of"], sort: "revision", direction: "descending" },
    { name: "by_definition", equals: [], sort: "of", direction: "ascending" }
  ]
}
