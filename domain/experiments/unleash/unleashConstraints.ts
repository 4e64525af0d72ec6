import type { EvaluatedGroup } from "../../../ports/experiments/FlagFile.ts"
import type { Condition } from "../../../ports/targeting/Condition.ts"
import type { UnleashConstraint } from "../../../ports/experiments/Unleash.ts"
import { isOperators } from "../../targeting/compileCondition.ts"
import { sortableVersion } from "../../targeting/version.ts"
import { Inexpressible } from "./Inexpressible.ts"
import { contextNameOf } from "./unleashContext.ts"

type Groups = ReadonlyMap<string, EvaluatedGroup>
type Constraints = ReadonlyArray<UnleashConstraint> | Inexpressible

/**
 * A condition as constraints that all hold, for contexts whose properties are texts and numbers. A missing attribute is
 * null here, which is 0 beside numbers and "0" among versions, and nothing at all there: a test that null would meet is
 * told only beside `$exists: true`.
 */
export const constraintsOf = (
  condition: Condition,
  groups: Groups,
  within: ReadonlySet<string> = new Set()
): Constraints => joined(Object.entries(condition).map(([key, value]) => entryOf(key, value, groups, within)))

const joined = (some: ReadonlyArray<Constraints>): Constraints => {
  const all: Array<UnleashConstraint> = []
  for (const each of some) {
    if (each instanceof Inexpressible) return each
    all.push(...each)
  }
  return all
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const entryOf = (key: string, value: unknown, groups: Groups, within: ReadonlySet<string>): Constraints => {
  switch (key) {
    case "$and":
      return Array.isArray(value)
        ? joined(value.map((each) => (isRecord(each) ? constraintsOf(each, groups, within) : notSaid("$and"))))
        : notSaid("$and")
    case "$not":
      return isRecord(value) ? inverted(constraintsOf(value, groups, within)) : notSaid("$not")
    case "$savedGroup":
      return groupOf(value, groups, within)
    default:
      return key.startsWith("$") ? notSaid(key) : pathOf(key, value, groups)
  }
}

const notSaid = (what: string) => new Inexpressible(`a condition says ${what}, which the client's constraints cannot`)

const inverted = (constraints: Constraints): Constraints => {
  if (constraints instanceof Inexpressible) return constraints
  const [one, ...more] = constraints
  if (one === undefined || more.length > 0) return notSaid("$not of several tests")
  return [{ ...one, inverted: !one.inverted }]
}

const groupOf = (reference: unknown, groups: Groups, within: ReadonlySet<string>): Constraints => {
  const { attributeKey, id } = isRecord(reference) ? reference : { attributeKey: undefined, id: undefined }
  const group = typeof id === "string" && !within.has(id) ? groups.get(id) : undefined
  if (group === undefined) return notSaid("$savedGroup")
  if (group.type === "condition") return constraintsOf(group.condition, groups, new Set([...within, group.id]))
  if (group.type !== "list") return notSaid("a cohort")
  const attribute = typeof attributeKey === "string" ? attributeKey : group.attribute
  return pathOf(attribute, { $in: group.values }, groups)
}

const pathOf = (attribute: string, expected: unknown, groups: Groups): Constraints => {
  const contextName = attribute.includes(".") ? undefined : contextNameOf(attribute)
  if (contextName === undefined) return new Inexpressible(`contexts of the client have no ${attribute}`)
  const of = (operator: UnleashConstraint["operator"], more: Partial<UnleashConstraint>): UnleashConstraint => ({
    contextName,
    operator,
    inverted: false,
    caseInsensitive: false,
    values: [],
    ...more
  })
  // The client compares texts alone, and would find a number in a list of texts.
  const isText = contextName !== attribute
  const oneOf = (values: unknown, operator: "IN" | "NOT_IN", alsoNumbers = isText): Constraints =>
    areTexts(values) && (alsoNumbers || !values.some(isNumeric))
      ? [of(operator, { values })]
      : notSaid("a list of something else than plain texts")
  if (typeof expected === "string") return expected === "null" ? notSaid("null") : oneOf([expected], "IN", true)
  if (typeof expected === "number") {
    return expected === 0 ? notSaid("0, which a missing attribute is") : [of("NUM_EQ", { value: String(expected) })]
  }
  if (!isOperators(expected)) return notSaid("a value that is no text and no number")
  const { $exists, ...tests } = expected
  const mustExist = $exists === true
  if ($exists !== undefined && (!mustExist || Object.keys(tests).length === 0)) return notSaid("$exists")
  const test = (operator: string, operand: unknown): Constraints => {
    switch (operator) {
      case "$eq":
        return oneOf([operand], "IN")
      case "$in":
        return oneOf(operand, "IN")
      case "$inGroup":
        return oneOf(listOf(operand, groups), "IN")
      case "$ne":
        return mustExist ? notSaid("$ne beside $exists") : oneOf([operand], "NOT_IN")
      case "$nin":
        return mustExist ? notSaid("$nin beside $exists") : oneOf(operand, "NOT_IN")
      case "$notInGroup":
        return mustExist ? notSaid("$notInGroup beside $exists") : oneOf(listOf(operand, groups), "NOT_IN")
    }
    const number = Object.hasOwn(numbers, operator) ? numbers[operator] : undefined
    if (number !== undefined) {
      if (typeof operand !== "number") return notSaid(`${operator} of a text`)
      if (!mustExist && number.holds(0, operand))
        return notSaid(`${operator} ${operand}, which a missing attribute meets`)
      return [of(number.operator, { value: String(operand) })]
    }
    const version = Object.hasOwn(versions, operator) ? versions[operator] : undefined
    if (version === undefined) return notSaid(operator)
    if (typeof operand !== "string" || !plainVersion.test(operand)) return notSaid(`${operator} of no plain version`)
    if (!mustExist && version.holds(sortableVersion(null), sortableVersion(operand))) {
      return notSaid(`${operator} ${operand}, which a missing attribute meets`)
    }
    return [of(version.operator, { value: operand })]
  }
  return joined(Object.entries(tests).map(([operator, operand]) => test(operator, operand)))
}

interface Compared<Value> {
  readonly operator: UnleashConstraint["operator"]
  readonly holds: (value: Value, bound: Value) => boolean
}

const numbers: Readonly<Record<string, Compared<number>>> = {
  $gt: { operator: "NUM_GT", holds: (value, bound) => value > bound },
  $gte: { operator: "NUM_GTE", holds: (value, bound) => value >= bound },
  $lt: { operator: "NUM_LT", holds: (value, bound) => value < bound },
  $lte: { operator: "NUM_LTE", holds: (value, bound) => value <= bound }
}

const versions: Readonly<Record<string, Compared<string>>> = {
  $veq: { operator: "SEMVER_EQ", holds: (version, bound) => version === bound },
  $vgt: { operator: "SEMVER_GT", holds: (version, bound) => version > bound },
  $vlt: { operator: "SEMVER_LT", holds: (version, bound) => version < bound }
}

/** What both sides order alike; of pre-releases they differ. */
const plainVersion = /^\d{1,5}\.\d{1,5}\.\d{1,5}$/

/** Texts that the client compares as they are: it trims, and passes over empty ones. */
const areTexts = (values: unknown): values is ReadonlyArray<string> =>
  Array.isArray(values) && values.every((each) => typeof each === "string" && each !== "" && each.trim() === each)

const isNumeric = (text: string): boolean => String(Number(text)) === text

const listOf = (id: unknown, groups: Groups): unknown => {
  const group = typeof id === "string" ? groups.get(id) : undefined
  return group?.type === "list" ? group.values : undefined
}
