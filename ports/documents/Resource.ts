import { Schema } from "effect"
import type { Collection } from "./DocumentStore.ts"

/** Live documents of one resource and workspace. */
export const resourceDocumentsMax = 10_000

/** What the service adds to every document of a resource. Times in ms UTC. */
const stamps = {
  id: Schema.String,
  created_at: Schema.Int,
  created_by: Schema.String,
  changed_at: Schema.Int,
  changed_by: Schema.String
}

/**
 * A plain resource, made, read, listed, changed and deleted by id: a value from which store access and endpoints derive.
 * `name` is its collection and the last part of its path.
 */
export const resource = <const Name extends string, Fields extends Schema.Struct.Fields>(options: {
  readonly name: Name
  /** One of them, for titles and audit records: `funnel`. */
  readonly singular: string
  readonly identifier: string
  readonly fields: Fields
  /** Fields of which no two may share a value. */
  readonly unique?: ReadonlyArray<string>
  readonly example: Schema.Struct<Fields>["Type"]
}) => {
  const { example, fields, identifier, name, singular, unique = [] } = options
  const definition = Schema.Struct(fields).annotate({ identifier: `New${identifier}`, examples: [example] })
  const item = Schema.Struct({ ...stamps, ...fields }).annotate({ identifier })
  const collection: Collection = {
    name,
    unique,
    indexes: [{ name: "by_time", equals: [], sort: "created_at", direction: "descending" }]
  }
  return { name, singular, definition, item, collection }
}

/** What a client sends of a resource, and what it gets. */
export interface Resource<Definition, Item> {
  readonly name: string
  readonly singular: string
  readonly definition: Schema.Codec<Definition, unknown>
  readonly item: Schema.Codec<Item, unknown>
  readonly collection: Collection
}

export interface Stamps {
  readonly id: string
  readonly created_at: number
  readonly created_by: string
  readonly changed_at: number
  readonly changed_by: string
}
