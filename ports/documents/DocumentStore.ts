import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** Names, as JSON paths (`status`, `owner.id`) into the document's `data`. */
export interface CollectionIndex {
  readonly name: string
  /** Fields compared by equality, in order; all are given in a `list` call. */
  readonly equals: ReadonlyArray<string>
  /** Field that orders the list (string or number); the id breaks ties. */
  readonly sort: string
  readonly direction: "ascending" | "descending"
}

/** A module declares its collections; the wiring hands them to the adapter before the first call. */
export interface Collection {
  readonly name: string
  readonly indexes: ReadonlyArray<CollectionIndex>
  /** Fields of which no two live documents of a workspace may share a value. */
  readonly unique: ReadonlyArray<string>
}

export interface StoredDocument {
  readonly collection: string
  readonly id: string
  /** 1 at creation, raised by one at every write. */
  readonly revision: number
  readonly schema_version: number
  /** Subjects (people) that the document speaks of: what access, export and erasure look for. */
  readonly subjects: ReadonlyArray<string>
  /** ms UTC after which the document is gone; never returned past it. */
  readonly expires_at?: number
  readonly data: unknown
}

export type DocumentWrite =
  | {
      readonly kind: "put"
      readonly collection: string
      readonly id: string
      /** `0`: must not exist; a number: the revision that is replaced; `"any"`: either. */
      readonly expected: number | "any"
      readonly schema_version: number
      readonly subjects: ReadonlyArray<string>
      readonly expires_at?: number
      readonly data: unknown
    }
  | { readonly kind: "delete"; readonly collection: string; readonly id: string; readonly expected: number | "any" }

export interface Commit {
  readonly writes: ReadonlyArray<DocumentWrite>
  /** Records stored in the same transaction, each as a new document of collection `audit`. */
  readonly audit?: ReadonlyArray<{
    readonly id: string
    readonly data: unknown
    readonly subjects: ReadonlyArray<string>
  }>
  /**
   * Remembered answer of an idempotent request, stored in the same transaction as document of `idempotency`. While one
   * lives, a second commit under its id fails whole with StaleRevision of `idempotency`: the answer is there to replay.
   */
  readonly idempotency?: { readonly id: string; readonly expires_at: number; readonly data: unknown }
  /** Domain events, stored in the same transaction as documents of `outbox`. */
  readonly outbox?: ReadonlyArray<{ readonly id: string; readonly data: unknown }>
}

export interface SortRange {
  readonly from?: string | number | undefined
  readonly to?: string | number | undefined
}

export class StaleRevision extends Schema.TaggedError<StaleRevision>()("StaleRevision", {
  collection: Schema.String,
  id: Schema.String,
  /** The revision that stands; 0: there is no such document. */
  actual: Schema.Int
}) {}

export class DuplicateKey extends Schema.TaggedError<DuplicateKey>()("DuplicateKey", {
  collection: Schema.String,
  field: Schema.String
}) {}

/** A cursor that was not issued by this list (other workspace, index or values). */
export class InvalidCursor extends Schema.TaggedError<InvalidCursor>()("InvalidCursor", {}) {}

export const listLimitMax = 100
/** Documents that are asked for by id at once. */
export const getManyMax = 500
/** Of each list of a commit: writes, audit, outbox. */
export const commitWritesMax = 100

/**
 * Documents by workspace, collection and id, with named indexes. Reads see every commit that was answered before
 * (embedded at once; a remote adapter reads from the primary). `commit` is one transaction: all or nothing, durable on
 * return; one of nothing answers whether another could be made; repeating one after `timeout` is safe because writes name their expected revision.
 * A cursor is opaque and stays valid while documents are inserted and deleted around it.
 */
export class DocumentStore extends Context.Service<
  DocumentStore,
  {
    readonly get: (
      workspace: WorkspaceId,
      collection: string,
      id: string
    ) => Effect.Effect<StoredDocument | undefined, PortFailure>
    /** Those of the ids that there are, by id; of {@link getManyMax} at the most. One read of one state. */
    readonly getMany: (
      workspace: WorkspaceId,
      collection: string,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, StoredDocument>, PortFailure>
    readonly list: (request: {
      readonly workspace: WorkspaceId
      readonly collection: string
      readonly index: string
      readonly equals: ReadonlyArray<string | number | boolean | null>
      /** Only documents whose sort field is at least `from` and less than `to`. */
      readonly range?: SortRange | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<StoredDocument>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
    /** How many live documents an index holds of these values. */
    readonly count: (request: {
      readonly workspace: WorkspaceId
      readonly collection: string
      readonly index: string
      readonly equals: ReadonlyArray<string | number | boolean | null>
    }) => Effect.Effect<number, PortFailure>
    /** Answers the new revision of each write, in order (0 for a delete). */
    readonly commit: (
      workspace: WorkspaceId,
      commit: Commit
    ) => Effect.Effect<ReadonlyArray<number>, PortFailure | StaleRevision | DuplicateKey>
    /** Every live document that names the subject, by collection and id, all pages. */
    readonly listBySubject: (
      workspace: WorkspaceId,
      subject: string
    ) => Effect.Effect<ReadonlyArray<StoredDocument>, PortFailure>
  }
>()("ports/documents/DocumentStore") {}

/** The collections an adapter must hold, given by the line-up of modules. */
export class Collections extends Context.Service<Collections, ReadonlyArray<Collection>>()(
  "ports/documents/Collections"
) {}
