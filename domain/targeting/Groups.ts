import type { Condition } from "../../ports/targeting/Condition.ts"

/** People who share a value of an attribute, who meet a condition, or whose id is known to belong. */
export type Group =
  | { readonly type: "list"; readonly attribute?: string; readonly values: ReadonlySet<unknown> }
  | { readonly type: "condition"; readonly condition: Condition }
  | { readonly type: "members"; readonly has: (id: string) => boolean }

/** Groups by id. One that is not here has no members. */
export type Groups = ReadonlyMap<string, Group>

export const noGroups: Groups = new Map()
