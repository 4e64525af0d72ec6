import { isDeepStrictEqual } from "node:util"
import { escaped } from "../../../ports/jsonPointer.ts"
import type { FieldDifference } from "../../../ports/experiments/ChangeRequest.ts"

/** Lists whose elements have a name, by the list's own: they are compared and merged by it, not by their place. */
const namedLists: Readonly<Record<string, ReadonlyArray<string>>> = {
  rules: ["id"],
  variants: ["name", "id"],
  split: ["variant"],
  prerequisites: ["flag"],
  goals: ["id"],
  secondary: ["id"],
  guardrails: ["id"]
}

/** What is one thing, whatever stands in it: two changes of a condition cannot be put together without a look. */
const wholes: ReadonlySet<string> = new Set(["condition", "value", "members"])

type Entries = ReadonlyMap<string, unknown>

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The parts of an object, or of a list whose elements all have names of their own; nothing where it is one thing. */
export const entriesOf = (field: string, value: unknown): Entries | undefined => {
  if (wholes.has(field)) return undefined
  if (isObject(value)) return new Map(Object.entries(value))
  if (!Array.isArray(value)) return undefined
  for (const name of namedLists[field] ?? []) {
    const entries = new Map(value.map((each: unknown) => [isObject(each) ? each[name] : undefined, each]))
    const isNamed = [...entries.keys()].every((key) => typeof key === "string")
    if (isNamed && entries.size === value.length) return entries as Entries
  }
  return undefined
}

/** What differs, field by field, an element of a named list under its name: `/environments/production/rules/germany`. */
export const fieldDifferences = (
  before: unknown,
  after: unknown,
  pointer = "",
  field = ""
): ReadonlyArray<FieldDifference> => {
  if (isDeepStrictEqual(before, after)) return []
  if (before === undefined) return [{ pointer, change: "added", after }]
  if (after === undefined) return [{ pointer, change: "removed", before }]
  const [was, is] = [entriesOf(field, before), entriesOf(field, after)]
  const areAlike = Array.isArray(before) === Array.isArray(after)
  if (was === undefined || is === undefined || !areAlike) return [{ pointer, change: "changed", before, after }]
  const within = [...new Set([...was.keys(), ...is.keys()])].flatMap((key) =>
    fieldDifferences(was.get(key), is.get(key), `${pointer}/${escaped(key)}`, Array.isArray(after) ? "" : key)
  )
  const isReordered = Array.isArray(after) && !isSameOrder([...was.keys()], [...is.keys()])
  return isReordered
    ? [...within, { pointer, change: "reordered", before: [...was.keys()], after: [...is.keys()] }]
    : within
}

/** Whether those that are in both stand in the same order. */
export const isSameOrder = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): boolean => {
  const [inOne, inOther] = [new Set(one), new Set(other)]
  return isDeepStrictEqual(
    one.filter((key) => inOther.has(key)),
    other.filter((key) => inOne.has(key))
  )
}
