import { Effect } from "effect"
import { annotationDaysMax, annotations, annotationsShownMax } from "../../../ports/analytics/Annotation.ts"
import type { Annotation, NewAnnotation, ShownAnnotation } from "../../../ports/analytics/Annotation.ts"
import { dashboards } from "../../../ports/analytics/Dashboard.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createKept, listRevisions, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { parseInstant } from "../../zones/instant.ts"
import { formatInstant } from "../../zones/zones.ts"
import { readInstant } from "./explore.ts"

const spanMillisMax = annotationDaysMax * 86_400_000

/** Who looks: personal notes are seen by their author alone. */
export interface Reader {
  readonly workspace: WorkspaceId
  readonly subject: string
}
export type Author = Actor & Reader

const isSeenBy = ({ author, visibility }: Annotation, { subject }: Reader): boolean =>
  visibility !== "personal" || author === subject

const refuse = (kind: "bad-request" | "unprocessable", pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail: "the annotation is not valid", errors: [{ pointer, code, detail }] })

/** Refuses a range that ends before it begins or is too long, and what belongs to nothing that is there. */
const check = Effect.fnUntraced(function* ({ workspace }: Reader, { at, dashboard, insight, until }: NewAnnotation) {
  if (until !== undefined && until < at) {
    return yield* refuse("bad-request", "/until", "reversed_range", "must not be before at")
  }
  if (until !== undefined && until - at > spanMillisMax) {
    return yield* refuse("bad-request", "/until", "range_too_long", `${annotationDaysMax} days at the most`)
  }
  const documents = yield* DocumentStore
  if (insight !== undefined && (yield* documents.get(workspace, insights.name, insight)) === undefined) {
    return yield* refuse("unprocessable", "/insight", "unknown_insight", `there is no insight ${insight}`)
  }
  if (dashboard !== undefined && (yield* documents.get(workspace, dashboards.name, dashboard)) === undefined) {
    return yield* refuse("unprocessable", "/dashboard", "unknown_dashboard", `there is no dashboard ${dashboard}`)
  }
})

export const createAnnotation = Effect.fnUntraced(function* (author: Author, definition: NewAnnotation) {
  yield* check(author, definition)
  const ofPeople = { ...annotations, countedIn: { index: "by_origin", equals: ["person"] } }
  return yield* createKept(ofPeople, author, {
    ...definition,
    author: author.subject,
    about: null,
    origin: "person" as const
  })
})

/** To others a personal note is not there. */
export const readAnnotation = Effect.fnUntraced(function* (reader: Reader, id: string) {
  const found = yield* readItem<Annotation>(annotations, reader.workspace, id)
  if (isSeenBy(found.item, reader)) return found
  return yield* new Refused({ kind: "not-found", detail: `there is no annotation ${id}`, errors: [] })
})

export const replaceAnnotation = Effect.fnUntraced(function* (
  author: Author,
  id: string,
  definition: NewAnnotation,
  revision: number
) {
  const { item } = yield* readAnnotation(author, id)
  yield* check(author, definition)
  if (definition.visibility === "personal" && item.author !== author.subject) {
    return yield* refuse("unprocessable", "/visibility", "not_the_author", "only its author makes a note personal")
  }
  const kept = { ...definition, author: item.author, about: item.about, origin: item.origin }
  return yield* replaceKept(annotations, author, id, kept, revision)
})

export const removeAnnotation = Effect.fnUntraced(function* (author: Author, id: string, revision: number) {
  yield* readAnnotation(author, id)
  yield* removeKept(annotations, author, id, revision)
})

type Kept = NewAnnotation & Pick<Annotation, "author" | "about" | "origin">

/** What its author and the service decide is no part of its revisions. */
const shownRevision = <Revision extends { readonly definition: Kept }>({ definition, ...revision }: Revision) => {
  const { about: _, author: __, origin: ___, ...own } = definition
  const shown: NewAnnotation = own
  return { ...revision, definition: shown }
}

/** To others those of a personal note are not there either. */
export const listNoteRevisions = Effect.fnUntraced(function* (
  reader: Reader,
  id: string,
  limit: number,
  cursor: string | undefined
) {
  yield* readAnnotation(reader, id)
  const { items, next } = yield* listRevisions<Kept>(annotations, reader.workspace, id, limit, cursor)
  return { items: items.filter((each) => wasSeenBy(each, reader)).map(shownRevision), next }
})

/** A note that is everybody's now may have been its author's alone. */
const wasSeenBy = ({ definition }: { readonly definition: Kept }, { subject }: Reader): boolean =>
  definition.visibility !== "personal" || definition.author === subject

export const readNoteRevision = Effect.fnUntraced(function* (reader: Reader, id: string, revision: number) {
  yield* readAnnotation(reader, id)
  const found = yield* readRevision<Kept>(annotations, reader.workspace, id, revision)
  if (wasSeenBy(found, reader)) return shownRevision(found)
  return yield* new Refused({ kind: "not-found", detail: `there is no revision ${revision} of ${id}`, errors: [] })
})

/** What the note was at a revision becomes its newest. */
export const restoreAnnotation = Effect.fnUntraced(function* (author: Author, id: string, revision: number) {
  const { definition } = yield* readNoteRevision(author, id, revision)
  const standing = yield* readAnnotation(author, id)
  return yield* replaceAnnotation(author, id, definition, standing.revision)
})

interface Wanted {
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly limit: number
  readonly cursor?: string | undefined
  readonly belongs: (note: Annotation) => boolean
}

/** Notes that touch the range, newest first; a page is full as long as there are more. */
const listTouching = Effect.fnUntraced(function* (reader: Reader, wanted: Wanted) {
  const documents = yield* DocumentStore
  const { belongs, fromMillis, limit, toMillis } = wanted
  const range = { from: Math.max(0, fromMillis - spanMillisMax), to: toMillis }
  const by = { workspace: reader.workspace, collection: annotations.name, index: "by_at", equals: [], range }
  const items: Array<Annotation> = []
  let { cursor } = wanted
  do {
    const page = yield* documents.list({ ...by, cursor, limit: Math.min(limit - items.length, listLimitMax) })
    const notes = page.items.map(({ data }) => data as Annotation)
    items.push(
      ...notes.filter((note) => (note.until ?? note.at) >= fromMillis && isSeenBy(note, reader) && belongs(note))
    )
    cursor = page.next
    yield* Effect.yieldNow
  } while (cursor !== undefined && items.length < limit)
  return { items, next: cursor ?? null }
})

/** Notes of a range (all by default), of an insight or a dashboard where it is named, newest first. */
export const listAnnotations = Effect.fnUntraced(function* (
  reader: Reader,
  query: {
    readonly from?: string | undefined
    readonly to?: string | undefined
    readonly insight?: string | undefined
    readonly dashboard?: string | undefined
    readonly limit: number
    readonly cursor?: string | undefined
  }
) {
  const { cursor, dashboard, from, insight, limit, to } = query
  return yield* listTouching(reader, {
    fromMillis: yield* readInstant(reader.workspace, "from", from, 0),
    toMillis: yield* readInstant(reader.workspace, "to", to, Number.MAX_SAFE_INTEGER),
    limit,
    cursor,
    belongs: (note) =>
      (insight === undefined || note.insight === insight) && (dashboard === undefined || note.dashboard === dashboard)
  })
})

/** An answer with the notes of its range: those that belong to nothing, or to the insight and dashboard that it is seen on. */
export const withAnnotations = Effect.fnUntraced(function* <
  Answer extends { readonly from: string; readonly to: string; readonly time_zone: string }
>(reader: Reader, answer: Answer, on: { readonly insight?: string; readonly dashboard?: string } = {}) {
  const { items } = yield* Effect.catchTag(
    listTouching(reader, {
      fromMillis: parseInstant(answer.from) ?? 0,
      toMillis: parseInstant(answer.to) ?? 0,
      limit: annotationsShownMax,
      belongs: ({ dashboard, insight }) =>
        (dashboard === undefined || dashboard === on.dashboard) && (insight === undefined || insight === on.insight)
    }),
    "InvalidCursor",
    Effect.die
  )
  const shown = items.toReversed().map(({ at, id, text, until }): ShownAnnotation => ({
    id,
    at: formatInstant(answer.time_zone, at),
    until: until === undefined ? null : formatInstant(answer.time_zone, until),
    text
  }))
  return { ...answer, annotations: shown }
})
