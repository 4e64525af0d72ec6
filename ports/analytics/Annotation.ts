import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"

/** Notes of changes that the service keeps of a workspace; the oldest go first. Those of people have a limit of their own. */
export const changeNotesMax = 10_000
/** Days that one note may stand for. */
export const annotationDaysMax = 366
/** Notes that one answer or picture shows: the newest of its range. */
export const annotationsShownMax = 100

const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))
/** The years 1970 to 9999. */
const Instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 253_402_300_799_999 }))

/** What happened, at a time or over a range, to be seen beside the numbers. */
export const annotations = resource({
  name: "annotations",
  singular: "annotation",
  identifier: "AnnotationText",
  fields: {
    text: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(2000)),
    /** ms UTC. */
    at: Instant,
    /** Its end, where it lasted; ms UTC. */
    until: Schema.optionalKey(Instant),
    /** `personal`: seen by its author alone. `workspace` by default. */
    visibility: Schema.optionalKey(Schema.Literals(["workspace", "personal"])),
    /** Where it belongs to one insight or dashboard; elsewhere it is not drawn. */
    insight: Schema.optionalKey(Id),
    dashboard: Schema.optionalKey(Id)
  },
  example: { text: "The new prices went live", at: 1_790_000_000_000 }
})
export const AnnotationRevision = revisionOf("Annotation", annotations.definition)
export type NewAnnotation = typeof annotations.definition.Type

/** A note as it is kept. */
export const Annotation = Schema.Struct({
  ...annotations.item.fields,
  /** Subject of the token that it was made with. */
  author: Schema.String,
  /** What changed, collection and id, where the service itself noted a change; else `null`. */
  about: Schema.NullOr(Schema.String),
  /** Whether a person noted it or the service itself. */
  origin: Schema.Literals(["person", "service"])
}).annotate({ identifier: "Annotation" })
export type Annotation = typeof Annotation.Type

export const annotationCollection: Collection = {
  name: annotations.name,
  unique: [],
  indexes: [
    { name: "by_at", equals: [], sort: "at", direction: "descending" },
    { name: "by_origin", equals: ["origin"], sort: "at", direction: "ascending" }
  ]
}

/** A note beside an answer; times as the answer's own. */
export const ShownAnnotation = Schema.Struct({
  id: Schema.String,
  at: Schema.String,
  until: Schema.NullOr(Schema.String),
  text: Schema.String
}).annotate({ identifier: "ShownAnnotation" })
export type ShownAnnotation = typeof ShownAnnotation.Type
