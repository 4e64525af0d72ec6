import { Schema } from "effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

const RevisionNumber = Schema.FiniteFromString.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 })
)

/** List, read and restore of the revisions of a resource; spread into the `add` of its group. */
export const revisionEndpoints = <
  const Path extends `/${string}`,
  Revision extends Schema.Top,
  Item extends Schema.Top
>(options: {
  readonly path: Path
  readonly singular: string
  readonly revision: Revision
  readonly item: Item
  readonly scopes: { readonly read: string; readonly write: string }
}) => {
  const { path, scopes, singular } = options
  const revision: Revision = options.revision
  const item: Item = options.item
  const list: `${Path}/:id/revisions` = `${path}/:id/revisions`
  const one: `${Path}/:id/revisions/:revision` = `${list}/:revision`
  const restore: `${Path}/:id/revisions/:revision/restore` = `${one}/restore`
  const params = { id: Id, revision: RevisionNumber }
  return [
    HttpApiEndpoint.get("revisions", list, {
      params: { id: Id },
      query: { limit: Limit, cursor: Cursor },
      success: Schema.Struct({ items: Schema.Array(revision), next: Schema.NullOr(Schema.String) })
    })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, `The newest 50 revisions of a ${singular}, newest first.`),
    HttpApiEndpoint.get("readRevision", one, { params, success: revision })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, `A ${singular} as it was at a revision.`),
    HttpApiEndpoint.post("restore", restore, { params, success: item })
      .annotate(EndpointRules, changes(scopes.write))
      .annotate(OpenApi.Summary, `Make a ${singular} again what it was at a revision: as a revision of its own.`)
  ] as const
}
