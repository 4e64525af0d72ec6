import type { Condition } from "../../ports/targeting/Condition.ts"

/** People who share a value of an attribute, or who meet a condition. */
export type Group =
  | { readonly type: "list"; readonly attribute?: string; readonly values: ReadonlySet<unknown> }
  | { readonly type: "condition"; readonly condition: Condition }

/** Groups by id. One that is not here has no members. */
export type Groups = ReadonlyMap<string, Group>

export const noGroups: Groups = new Map()
