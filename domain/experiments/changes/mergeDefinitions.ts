import { isDeepStrictEqual } from "node:util"
import { escaped } from "../../../ports/jsonPointer.ts"
import { entriesOf, isSameOrder } from "./fieldDifferences.ts"

/** Whose word counts where both have changed the same thing. */
export type Preference = "draft" | "live"

export interface Merged {
  /** `undefined`: nothing is left. */
  readonly value: unknown
  /** Where both have changed the same thing in different ways. */
  readonly conflicts: ReadonlyArray<string>
}

/**
 * What a draft and a live definition became of one base, as one: a three-way merge. What one of them changed is taken;
 * what both changed is a conflict, settled by the preference. Elements of named lists are told apart by their names.
 */
export const mergeDefinitions = (base: unknown, draft: unknown, live: unknown, prefer: Preference): Merged =>
  merge({ base, draft, live }, prefer, "", "")

interface Sides {
  readonly base: unknown
  readonly draft: unknown
  readonly live: unknown
}

const merge = ({ base, draft, live }: Sides, prefer: Preference, pointer: string, field: string): Merged => {
  if (isDeepStrictEqual(draft, live) || isDeepStrictEqual(live, base)) return { value: draft, conflicts: [] }
  if (isDeepStrictEqual(draft, base)) return { value: live, conflicts: [] }
  const [of, ours, theirs] = [
    entriesOf(field, base ?? emptyLike(draft)),
    entriesOf(field, draft),
    entriesOf(field, live)
  ]
  const areAlike = Array.isArray(draft) === Array.isArray(live)
  if (of === undefined || ours === undefined || theirs === undefined || !areAlike) {
    return { value: prefer === "draft" ? draft : live, conflicts: [pointer] }
  }
  const isList = Array.isArray(draft)
  const orders = { base: [...of.keys()], draft: [...ours.keys()], live: [...theirs.keys()] }
  const order = isList ? mergeOrder(orders, prefer) : { keys: union(orders.live, orders.draft), isConflict: false }
  const parts = order.keys.map((key) => {
    const sides = { base: of.get(key), draft: ours.get(key), live: theirs.get(key) }
    return [key, merge(sides, prefer, `${pointer}/${escaped(key)}`, isList ? "" : key)] as const
  })
  const kept = parts.filter(([, { value }]) => value !== undefined)
  return {
    value: isList
      ? kept.map(([, { value }]) => value)
      : Object.fromEntries(kept.map(([key, { value }]) => [key, value])),
    conflicts: [...(order.isConflict ? [pointer] : []), ...parts.flatMap(([, { conflicts }]) => conflicts)]
  }
}

const emptyLike = (value: unknown): unknown => (Array.isArray(value) ? [] : {})

const union = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set([...one, ...other])
]

type Orders = Readonly<Record<keyof Sides, ReadonlyArray<string>>>

/** The order of whoever changed it, with the other's new elements behind those that they stand behind there. */
const mergeOrder = ({ base, draft, live }: Orders, prefer: Preference) => {
  const isDraftMoved = !isSameOrder(base, draft)
  const isLiveMoved = !isSameOrder(base, live)
  const isConflict = isDraftMoved && isLiveMoved && !isSameOrder(draft, live)
  const leads = isConflict ? prefer === "draft" : isDraftMoved
  return { keys: leads ? inserted(draft, live) : inserted(live, draft), isConflict }
}

const inserted = (into: ReadonlyArray<string>, from: ReadonlyArray<string>): ReadonlyArray<string> => {
  const keys = [...into]
  for (const [at, key] of from.entries()) {
    if (keys.includes(key)) continue
    keys.splice(at === 0 ? 0 : keys.indexOf(from[at - 1]!) + 1, 0, key)
  }
  return keys
}
