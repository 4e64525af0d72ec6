import { Schema } from "effect"

/** A page of a list: its items, and the cursor of the next page. */
export const page = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) })
