import type { Condition } from "../../ports/targeting/Condition.ts"
import { attributeAt, hasAttribute } from "./Attributes.ts"
import type { Groups } from "./Groups.ts"
import { noGroups } from "./Groups.ts"
import { compilePattern } from "./pattern.ts"
import { sortableVersion } from "./version.ts"

/** Whether attributes, or one value of them, meet what was compiled. Total: never throws. */
export type Test = (tested: unknown) => boolean

const never: Test = () => false
const always: Test = () => true

/** What is known while a condition is compiled: the groups, and those that are being resolved, so that cycles end. */
interface Scope {
  readonly groups: Groups
  readonly within: ReadonlySet<string>
}

/**
 * A condition as one function of attributes. Unknown operators, bad patterns and groups that contain themselves match
 * nobody. Semantics are GrowthBook's, but `$exists`, which tells a missing attribute from null.
 */
export const compileCondition = (condition: Condition, groups: Groups = noGroups): Test =>
  compile(condition, { groups, within: new Set() })

const compile = (condition: unknown, scope: Scope): Test => {
  if (!isRecord(condition)) return never
  // All must be met, in whatever order: what costs least and rules out most comes first.
  const entries = Object.entries(condition).toSorted((a, b) => costOf(a) - costOf(b))
  return all(entries.map(([key, value]) => compileEntry(key, value, scope)))
}

const cheap: ReadonlySet<string> = new Set(["$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$exists", "$in", "$nin"])

/** Of a test, by what is expected: a plain value, a few comparisons, anything else. */
const costOf = ([key, expected]: readonly [string, unknown]): number => {
  if (expected === null || typeof expected !== "object") return 0
  return !key.startsWith("$") && Object.keys(expected).every((operator) => cheap.has(operator)) ? 1 : 2
}

const compileEntry = (key: string, value: unknown, scope: Scope): Test => {
  switch (key) {
    case "$or":
      return any(value, scope)
    case "$nor":
      return not(any(value, scope))
    case "$and":
      return Array.isArray(value) ? all(value.map((each) => compile(each, scope))) : never
    case "$not":
      return not(compile(value, scope))
    case "$savedGroup":
      return compileGroup(value, scope)
    default:
      return compilePath(key.split("."), value, scope)
  }
}

const compilePath = (path: ReadonlyArray<string>, expected: unknown, scope: Scope): Test => {
  const [name] = path
  if (isOperators(expected) && Object.hasOwn(expected, "$exists")) {
    const { $exists, ...others } = expected
    const rest = Object.keys(others).length === 0 ? always : compilePath(path, others, scope)
    return (attributes) => hasAttribute(attributes, path) === Boolean($exists) && rest(attributes)
  }
  const test = compileValue(expected, scope)
  if (path.length > 1 || name === undefined) return (attributes) => test(attributeAt(attributes, path))
  return (attributes) =>
    test(
      attributes !== null && typeof attributes === "object" && Object.hasOwn(attributes, name)
        ? ((attributes as Record<string, unknown>)[name] ?? null)
        : null
    )
}

/** A value against what a path expects: itself, or each of its operators. */
const compileValue = (expected: unknown, scope: Scope, insensitive = false): Test => {
  if (typeof expected === "string") {
    const lower = expected.toLowerCase()
    return insensitive
      ? (value) => text(value).toLowerCase() === lower
      : (value) => (typeof value === "string" ? value : text(value)) === expected
  }
  if (typeof expected === "number") return (value) => number(value) === expected
  if (typeof expected === "boolean") return (value) => value !== null && Boolean(value) === expected
  if (expected === null) return (value) => value === null
  if (isOperators(expected)) {
    return all(Object.entries(expected).map(([operator, operand]) => compileOperator(operator, operand, scope)))
  }
  const json = encoded(expected)
  return (value) => encoded(value) === json
}

const compileOperator = (operator: string, operand: unknown, scope: Scope): Test => {
  const version = versions[operator]
  if (version !== undefined) {
    const bound = sortableVersion(operand)
    return (value) => version(sortableVersion(value), bound)
  }
  const order = orders[operator]
  if (order !== undefined) return inOrder(order, operand)
  switch (operator) {
    case "$eq":
      return (value) => value === operand
    case "$ne":
      return (value) => value !== operand
    case "$exists":
      return operand ? (value) => value !== null : (value) => value === null
    case "$in":
      return Array.isArray(operand) ? isIn(new Set(operand)) : never
    case "$nin":
      return Array.isArray(operand) ? not(isIn(new Set(operand))) : never
    case "$ini":
      return Array.isArray(operand) ? isInFolded(operand) : never
    case "$nini":
      return Array.isArray(operand) ? not(isInFolded(operand)) : never
    case "$inGroup":
      return listOf(operand, scope)
    case "$notInGroup":
      return notInList(operand, scope)
    case "$not":
      return not(compileValue(operand, scope))
    case "$size": {
      const size = compileValue(operand, scope)
      return (value) => Array.isArray(value) && size(value.length)
    }
    case "$elemMatch": {
      const element = isOperators(operand) ? compileValue(operand, scope) : compile(operand, scope)
      return (value) => Array.isArray(value) && value.some((each) => (each ?? null) !== null && element(each))
    }
    case "$all":
      return hasAll(operand, scope, false)
    case "$alli":
      return hasAll(operand, scope, true)
    case "$regex":
      return matches(operand, false)
    case "$regexi":
      return matches(operand, true)
    case "$type":
      return (value) => typeName(value) === operand
    default:
      return never
  }
}

const versions: Readonly<Record<string, (version: string, bound: string) => boolean>> = {
  $veq: (version, bound) => version === bound,
  $vne: (version, bound) => version !== bound,
  $vgt: (version, bound) => version > bound,
  $vgte: (version, bound) => version >= bound,
  $vlt: (version, bound) => version < bound,
  $vlte: (version, bound) => version <= bound
}

/** Order as JavaScript has it between unlike values: null counts as 0, "8" against a number as 8. */
const orders: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  $lt: (value, bound) => value < bound,
  $lte: (value, bound) => value <= bound,
  $gt: (value, bound) => value > bound,
  $gte: (value, bound) => value >= bound
}

const inOrder =
  (order: (value: number, bound: number) => boolean, bound: unknown): Test =>
  (value) => {
    try {
      return order(value as number, bound as number)
    } catch {
      return false
    }
  }

const encoded = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const text = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return ""
  }
}

const number = (value: unknown): number => {
  try {
    return (value as number) * 1
  } catch {
    return Number.NaN
  }
}

/** One of the values; of a list, any. */
const isIn =
  (values: ReadonlySet<unknown>): Test =>
  (value) =>
    Array.isArray(value) ? value.some((each) => values.has(each)) : values.has(value)

const folded = (value: unknown): unknown => (typeof value === "string" ? value.toLowerCase() : value)

const isInFolded = (values: ReadonlyArray<unknown>): Test => {
  const some = isIn(new Set(values.map(folded)))
  return (value) => some(Array.isArray(value) ? value.map(folded) : folded(value))
}

const hasAll = (operand: unknown, scope: Scope, insensitive: boolean): Test => {
  if (!Array.isArray(operand)) return never
  const tests = operand.map((each) => compileValue(each, scope, insensitive))
  return (value) => Array.isArray(value) && tests.every((test) => value.some(test))
}

const matches = (operand: unknown, insensitive: boolean): Test => {
  const pattern = typeof operand === "string" ? compilePattern(operand, insensitive) : undefined
  return typeof pattern === "function" ? (value) => pattern(text(value)) : never
}

const typeName = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)

/** Members of a list. A group that is unknown has none. */
const listOf = (id: unknown, { groups }: Scope): Test => {
  const group = typeof id === "string" ? groups.get(id) : undefined
  return group?.type === "list" ? isIn(group.values) : group?.type === "members" ? isMember(group.has) : never
}

/** Ids by which members of a group whom others know are sent. */
const memberAttributes = ["user_id", "anonymous_id"].map((name) => [name])

/** An id that is a text or a number; of a list, any. */
const isMember =
  (has: (id: string) => boolean): Test =>
  (value) =>
    Array.isArray(value) ? value.some((each) => isMemberId(each, has)) : isMemberId(value, has)

const isMemberId = (value: unknown, has: (id: string) => boolean): boolean =>
  (typeof value === "string" && value !== "" && has(value)) || (typeof value === "number" && has(String(value)))

/** Those outside of a list: everybody where the group is unknown, nobody where it is no list. */
const notInList = (id: unknown, { groups }: Scope): Test => {
  const group = typeof id === "string" ? groups.get(id) : undefined
  if (group === undefined) return always
  return group.type === "list" ? not(isIn(group.values)) : group.type === "members" ? not(isMember(group.has)) : never
}

/** `{ id, attributeKey? }`: members of a group of either kind. */
const compileGroup = (reference: unknown, scope: Scope): Test => {
  if (!isRecord(reference)) return never
  const { attributeKey, id } = reference
  if (typeof id !== "string" || scope.within.has(id)) return never
  if (attributeKey !== undefined && typeof attributeKey !== "string") return never
  const group = scope.groups.get(id)
  if (group === undefined) return never
  if (group.type === "condition") {
    return compile(group.condition, { groups: scope.groups, within: new Set([...scope.within, id]) })
  }
  if (group.type === "members") {
    const paths = attributeKey === undefined ? memberAttributes : [attributeKey.split(".")]
    const test = isMember(group.has)
    return (attributes) => paths.some((path) => test(attributeAt(attributes, path)))
  }
  const path = (attributeKey ?? group.attribute)?.split(".")
  if (path === undefined) return never
  const isListed = isIn(group.values)
  return (attributes) => isListed(attributeAt(attributes, path))
}

const not =
  (test: Test): Test =>
  (value) =>
    !test(value)

const all = (tests: ReadonlyArray<Test>): Test => {
  const [first, second] = tests
  if (first === undefined) return always
  if (second === undefined) return first
  if (tests.length === 2) return (value) => first(value) && second(value)
  return (value) => {
    for (const test of tests) if (!test(value)) return false
    return true
  }
}

/** The empty list is met by everybody. */
const any = (conditions: unknown, scope: Scope): Test => {
  if (!Array.isArray(conditions)) return never
  if (conditions.length === 0) return always
  const tests = conditions.map((each) => compile(each, scope))
  return (value) => {
    for (const test of tests) if (test(value)) return true
    return false
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An object all of whose keys are operators. */
export const isOperators = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (!isRecord(value)) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every((key) => key.startsWith("$"))
}
