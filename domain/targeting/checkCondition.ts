import { escaped } from "../../ports/jsonPointer.ts"
import { conditionDepthMax, conditionListMax, conditionTestsMax } from "../../ports/targeting/Condition.ts"
import { isOperators } from "./compileCondition.ts"
import { compilePattern } from "./pattern.ts"

/** A mistake in a condition; the pointer is relative to it (RFC 6901). */
export interface ConditionMistake {
  readonly pointer: string
  readonly code: "unknown_operator" | "wrong_operand" | "bad_pattern" | "too_deep" | "too_many"
  readonly detail: string
}

type Operand = (operand: unknown) => string | undefined

const list: Operand = (operand) =>
  !Array.isArray(operand)
    ? "must be a list"
    : operand.length > conditionListMax
      ? `has more than ${conditionListMax} values: use a group`
      : undefined
const version: Operand = (operand) =>
  typeof operand === "string" || typeof operand === "number" ? undefined : "must be a version such as 1.4.0"
const ordered: Operand = (operand) =>
  typeof operand === "string" || typeof operand === "number" ? undefined : "must be a number or a text"
const named: Operand = (operand) => (typeof operand === "string" ? undefined : "must be the id of a group")
const anything: Operand = () => undefined
const typeNames = ["null", "array", "string", "number", "boolean", "object", "undefined"]

/** Operators of values that hold no condition of their own. */
const operands: Readonly<Record<string, Operand>> = {
  $eq: anything,
  $ne: anything,
  $lt: ordered,
  $lte: ordered,
  $gt: ordered,
  $gte: ordered,
  $veq: version,
  $vne: version,
  $vlt: version,
  $vlte: version,
  $vgt: version,
  $vgte: version,
  $in: list,
  $nin: list,
  $ini: list,
  $nini: list,
  $all: list,
  $alli: list,
  $inGroup: named,
  $notInGroup: named,
  $exists: (operand) => (typeof operand === "boolean" ? undefined : "must be true or false"),
  $type: (operand) => (typeNames.includes(operand as string) ? undefined : `must be one of ${typeNames.join(", ")}`)
}

/** Every mistake that a condition holds, first to last; what evaluation would quietly treat as "nobody" is one. */
export const checkCondition = (condition: unknown): ReadonlyArray<ConditionMistake> => {
  const mistakes: Array<ConditionMistake> = []
  let tests = 0
  const say = (pointer: string, code: ConditionMistake["code"], detail: string) => {
    mistakes.push({ pointer, code, detail })
  }
  const enter = (pointer: string, depth: number): boolean => {
    if (depth > conditionDepthMax) say(pointer, "too_deep", `has more than ${conditionDepthMax} levels`)
    return depth <= conditionDepthMax
  }
  const count = (pointer: string) => {
    tests += 1
    if (tests === conditionTestsMax + 1) say(pointer, "too_many", `has more than ${conditionTestsMax} tests`)
  }
  const checkAll = (given: unknown, pointer: string, depth: number) => {
    if (!enter(pointer, depth)) return
    if (!isObject(given)) return say(pointer, "wrong_operand", "must be a condition, an object")
    for (const [key, value] of Object.entries(given)) checkEntry(key, value, `${pointer}/${escaped(key)}`, depth + 1)
  }
  const checkEntry = (key: string, value: unknown, pointer: string, depth: number) => {
    if (key === "$and" || key === "$or" || key === "$nor") {
      if (!Array.isArray(value)) return say(pointer, "wrong_operand", "must be a list of conditions")
      return value.forEach((each, at) => checkAll(each, `${pointer}/${at}`, depth + 1))
    }
    if (key === "$not") return checkAll(value, pointer, depth)
    count(pointer)
    if (key === "$savedGroup") return checkReference(value, pointer)
    if (key.startsWith("$") && key !== "$groups") return say(pointer, "unknown_operator", `${key} joins no conditions`)
    checkValue(value, pointer, depth)
  }
  const checkReference = (value: unknown, pointer: string) => {
    const { attributeKey, id } = isObject(value) ? value : {}
    const isAttribute = attributeKey === undefined || typeof attributeKey === "string"
    if (typeof id !== "string" || !isAttribute) say(pointer, "wrong_operand", "must be { id, attributeKey? }")
  }
  const checkValue = (value: unknown, pointer: string, depth: number) => {
    if (!enter(pointer, depth)) return
    if (isOperators(value)) {
      for (const [operator, operand] of Object.entries(value)) {
        count(pointer)
        checkOperator(operator, operand, `${pointer}/${escaped(operator)}`, depth)
      }
    } else if (isObject(value) && Object.keys(value).some((key) => key.startsWith("$"))) {
      say(pointer, "wrong_operand", "mixes operators with other keys")
    }
  }
  const checkOperator = (operator: string, operand: unknown, pointer: string, depth: number) => {
    if (operator === "$not" || operator === "$size") return checkValue(operand, pointer, depth + 1)
    if (operator === "$elemMatch") {
      return isOperators(operand) ? checkValue(operand, pointer, depth + 1) : checkAll(operand, pointer, depth + 1)
    }
    if (operator === "$regex" || operator === "$regexi") return checkPattern(operator, operand, pointer)
    const operandOf = Object.hasOwn(operands, operator) ? operands[operator] : undefined
    if (operandOf === undefined) return say(pointer, "unknown_operator", `${operator} is no operator`)
    const why = operandOf(operand)
    if (why !== undefined) say(pointer, "wrong_operand", why)
  }
  const checkPattern = (operator: string, operand: unknown, pointer: string) => {
    if (typeof operand !== "string") return say(pointer, "wrong_operand", "must be a regular expression")
    const pattern = compilePattern(operand, operator === "$regexi")
    if (typeof pattern !== "function") say(pointer, "bad_pattern", pattern.why)
  }
  checkAll(condition, "", 1)
  return mistakes
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Ids of the groups that a condition names, each once. */
export const groupsNamed = (condition: unknown): ReadonlySet<string> => new Set(groupReferences(condition))

/** Ids of the groups that a condition names, as often as it does. */
export const groupReferences = (condition: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  const visit = (value: unknown) => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isObject(value)) return
    for (const [key, operand] of Object.entries(value)) {
      if ((key === "$inGroup" || key === "$notInGroup") && typeof operand === "string") found.push(operand)
      else if (key === "$savedGroup" && isObject(operand) && typeof operand["id"] === "string")
        found.push(operand["id"])
      else visit(operand)
    }
  }
  visit(condition)
  return found
}

/** Paths and operators of a condition, those of its groups not counted. */
export const testCount = (condition: unknown): number => {
  if (Array.isArray(condition)) return condition.reduce((sum: number, each) => sum + testCount(each), 0)
  if (!isObject(condition)) return 0
  return Object.values(condition).reduce((sum: number, value) => sum + 1 + testCount(value), 0)
}
