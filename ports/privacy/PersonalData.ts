import type { Effect, Stream } from "effect"
import { Context, Schema } from "effect"
import type { ErasedStore } from "../analytics/Erasure.ts"
import type { StaleRevision } from "../documents/DocumentStore.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** One thing that is held of a person, clear where it was sealed. The last of an export is of the kind `end`. */
export const PersonalRecord = Schema.Struct({
  /** Who holds it. */
  module: Schema.String,
  /** `person`, `trait`, `event`, or the collection that a document lies in. */
  kind: Schema.String,
  data: Schema.Unknown
}).annotate({ identifier: "PersonalRecord" })
export type PersonalRecord = typeof PersonalRecord.Type

/** A person by every id that is theirs alone, as stored. */
export interface Subjects {
  readonly workspace: WorkspaceId
  readonly person: string
  readonly ids: ReadonlyArray<string>
}

/** Who erases, as the audit log names them. */
export interface Erasing {
  readonly workspace: WorkspaceId
  readonly keyId: string
  readonly from: string | undefined
  readonly requestId: string
}

/** Removes what one place holds of a person. May be repeated; the keys of the person are destroyed before. */
export interface EraseStep {
  readonly store: ErasedStore["store"]
  readonly run: (
    by: Erasing,
    ids: ReadonlyArray<string>
  ) => Effect.Effect<Pick<ErasedStore, "removed" | "what">, PortFailure | StaleRevision>
}

export interface PersonalDataOf {
  readonly export: (subjects: Subjects) => Stream.Stream<Omit<PersonalRecord, "module">, PortFailure>
  /** One after the other. */
  readonly erase: ReadonlyArray<EraseStep>
}

/** What each module holds of people, and how it is given out and erased: given by the line-up of modules, in its order. */
export class PersonalData extends Context.Service<
  PersonalData,
  ReadonlyArray<PersonalDataOf & { readonly module: string }>
>()("ports/privacy/PersonalData") {}
