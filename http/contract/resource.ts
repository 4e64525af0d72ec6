import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

/** List, create, read, replace and delete of a resource; spread into the `add` of its group. */
export const resourceEndpoints = <
  const Path extends `/${string}`,
  Definition extends Schema.Top,
  Item extends Schema.Top
>(options: {
  readonly path: Path
  readonly singular: string
  readonly definition: Definition
  readonly item: Item
  readonly scopes: { readonly read: string; readonly write: string }
}) => {
  const { path, scopes, singular } = options
  const definition: Definition = options.definition
  const item: Item = options.item
  const one: `${Path}/:id` = `${path}/:id`
  return [
    HttpApiEndpoint.get("list", path, {
      query: { limit: Limit, cursor: Cursor },
      success: Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) })
    })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, `Every ${singular}, newest first.`),
    HttpApiEndpoint.post("create", path, { payload: definition, success: item.pipe(HttpApiSchema.status(201)) })
      .annotate(EndpointRules, creates(scopes.write))
      .annotate(OpenApi.Summary, `Make a ${singular}.`),
    HttpApiEndpoint.get("read", one, { params: { id: Id }, success: item })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, `One ${singular}; its revision is the ETag.`),
    HttpApiEndpoint.put("replace", one, { params: { id: Id }, payload: definition, success: item })
      .annotate(EndpointRules, changes(scopes.write))
      .annotate(OpenApi.Summary, `Replace a ${singular}; If-Match names the revision.`),
    HttpApiEndpoint.delete("remove", one, { params: { id: Id } })
      .annotate(EndpointRules, changes(scopes.write))
      .annotate(OpenApi.Summary, `Delete a ${singular}; 409 with those that use it, where it is in use.`)
  ] as const
}
