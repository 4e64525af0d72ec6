import type { Condition } from "../../ports/targeting/Condition.ts"
import { isOperators } from "./compileCondition.ts"

/** Names of attributes whose values are ids of people, at whatever depth they stand. */
const idAttributes: ReadonlySet<string> = new Set(["user_id", "anonymous_id", "targetingKey"])

/** Whether the attribute at a dotted path is the id of a person. */
export const isIdPath = (path: string): boolean => idAttributes.has(path.slice(path.lastIndexOf(".") + 1))

type IsGone = (id: string) => boolean

/** Whole ids that a pattern spells out, as `^(ada|ben)$` does; shorter ones that it looks for within ids name nobody. */
const spelledOut = /^(\^?)(?:\((?:\?:)?(.*)\)|(.*?))(\$?)$/su
/** Letters that an id has which a pattern may look for anywhere: a shorter text may stand in everybody's. */
const tellingCharactersMin = 8

interface Spelled {
  /** As they stand in the pattern, and what they mean. */
  readonly ids: ReadonlyArray<{ readonly source: string; readonly id: string }>
  readonly rebuilt: (sources: ReadonlyArray<string>) => string
}

/** `^ada$|^ben$` as `^(?:ada|ben)$`, which means the same where they are letters. */
const anchoredOnce = (pattern: string): string => {
  const each = pattern.split("|")
  const isEach = each.length > 1 && each.every((one) => one.startsWith("^") && one.endsWith("$"))
  return isEach ? `^(?:${each.map((one) => one.slice(1, -1)).join("|")})$` : pattern
}

const spelledIn = (pattern: string): Spelled | undefined => {
  const [, begin = "", grouped, plain, end = ""] = spelledOut.exec(anchoredOnce(pattern)) ?? []
  const sources = (grouped ?? plain ?? "").split("|")
  // Anchors bind only the outermost alternatives.
  if (grouped === undefined && sources.length > 1 && begin + end !== "") return undefined
  const ids = sources.map((source) => ({ source, id: source.replaceAll(/\\([^a-z0-9])/giu, "$1") }))
  const isLiteral = sources.every((source) => !/[\\^$.*+?()[\]{}|]/u.test(source.replaceAll(/\\[^a-z0-9]/giu, "")))
  const isWhole = begin !== "" && end !== ""
  if (!isLiteral || !ids.every(({ id }) => id.length >= (isWhole ? 1 : tellingCharactersMin))) return undefined
  return { ids, rebuilt: (left) => `${begin}(?:${left.join("|")})${end}` }
}

/** The pattern without the ids that are gone; nothing where it spelled out no other. */
const patternWithout = (
  pattern: unknown,
  isOne: (value: unknown, isGone: IsGone) => boolean,
  isGone: IsGone
): unknown => {
  const spelled = typeof pattern === "string" ? spelledIn(pattern) : undefined
  if (spelled === undefined) return pattern
  const left = spelled.ids.filter(({ id }) => !isOne(id, isGone))
  if (left.length === spelled.ids.length) return pattern
  return left.length === 0 ? undefined : spelled.rebuilt(left.map(({ source }) => source))
}

/** Segments whose values are compared with ids of people, whatever attribute the segments are of. */
export const groupsOfIds = (value: unknown, isOfId = false, found = new Set<string>()): ReadonlySet<string> => {
  if (typeof value !== "object" || value === null) return found
  for (const [key, part] of Object.entries(value) as ReadonlyArray<readonly [string, unknown]>) {
    if ((key === "$inGroup" || key === "$notInGroup") && typeof part === "string") {
      if (isOfId) found.add(part)
    } else if (key === "$savedGroup" && isRecord(part)) {
      const { attributeKey, id } = part
      if (typeof id === "string" && typeof attributeKey === "string" && isIdPath(attributeKey)) found.add(id)
    } else {
      const isHere = Array.isArray(value) || key.startsWith("$") ? isOfId : isIdPath(key)
      groupsOfIds(part, isHere, found)
    }
  }
  return found
}

/** Ids of people that a condition compares with, each once. Patterns that spell no ids out and bounds of an order name nobody. */
export const peopleNamed = (condition: Condition): ReadonlySet<string> => {
  const found = new Set<string>()
  withoutPeople(condition, (id) => {
    found.add(id)
    return false
  })
  return found
}

const nobody = { $in: [] }

/**
 * The condition without people. For everybody else it means what it meant: where it asked for one of them alone it is met
 * by nobody, never by all.
 */
export const withoutPeople = (condition: Condition, isGone: IsGone): Condition =>
  Object.fromEntries(Object.entries(condition).map(([key, value]) => [key, withoutIn(key, value, isGone)]))

const withoutIn = (key: string, value: unknown, isGone: IsGone): unknown => {
  if (key === "$and" || key === "$or" || key === "$nor") {
    return Array.isArray(value) ? value.map((each) => (isRecord(each) ? withoutPeople(each, isGone) : each)) : value
  }
  if (key === "$not") return isRecord(value) ? withoutPeople(value, isGone) : value
  if (key.startsWith("$")) return value
  return isIdPath(key) ? ofId(value, isGone) : ofElements(value, isGone)
}

/** Elements of a list may have ids of their own. */
const ofElements = (expected: unknown, isGone: IsGone): unknown => {
  if (!isOperators(expected)) return expected
  return Object.fromEntries(
    Object.entries(expected).map(([operator, operand]) => {
      if (operator === "$not") return [operator, ofElements(operand, isGone)]
      const isCondition = operator === "$elemMatch" && isRecord(operand) && !isOperators(operand)
      return [operator, isCondition ? withoutPeople(operand, isGone) : operand]
    })
  )
}

const isGoneValue = (value: unknown, isGone: IsGone): boolean =>
  (typeof value === "string" || typeof value === "number") && isGone(String(value))

const isGoneFolded = (value: unknown, isGone: IsGone): boolean => {
  const asWritten = isGoneValue(value, isGone)
  return (typeof value === "string" && isGone(value.toLowerCase())) || asWritten
}

/** What an id is compared with. */
const ofId = (expected: unknown, isGone: IsGone): unknown => {
  if (Array.isArray(expected)) return anyOf(expected, isGoneValue, isGone) ? nobody : expected
  if (!isOperators(expected)) return isGoneValue(expected, isGone) ? nobody : expected
  const kept: Record<string, unknown> = {}
  let isNobody = false
  let isOther = false
  for (const [operator, operand] of Object.entries(expected)) {
    switch (operator) {
      case "$eq":
        if (isGoneValue(operand, isGone)) isNobody = true
        else kept[operator] = operand
        break
      case "$ne":
        if (isGoneValue(operand, isGone)) isOther = true
        else kept[operator] = operand
        break
      case "$in":
      case "$nin":
        kept[operator] = without(operand, isGoneValue, isGone)
        break
      case "$ini":
      case "$nini":
        kept[operator] = without(operand, isGoneFolded, isGone)
        break
      case "$all":
      case "$alli":
        if (Array.isArray(operand) && anyOf(operand, operator === "$alli" ? isGoneFolded : isGoneValue, isGone)) {
          isNobody = true
        } else kept[operator] = operand
        break
      case "$regex":
      case "$regexi": {
        const left = patternWithout(operand, operator === "$regexi" ? isGoneFolded : isGoneValue, isGone)
        if (left === undefined) isNobody = true
        else kept[operator] = left
        break
      }
      case "$not":
        kept[operator] = ofId(operand, isGone)
        break
      case "$elemMatch":
        kept[operator] =
          isRecord(operand) && !isOperators(operand) ? withoutPeople(operand, isGone) : ofId(operand, isGone)
        break
      default:
        kept[operator] = operand
    }
  }
  if (isNobody) return { ...kept, ...nobody }
  return isOther && kept["$nin"] === undefined ? { ...kept, $nin: [] } : kept
}

/** Every value is looked at, so that all who are named are found. */
const anyOf = (
  values: ReadonlyArray<unknown>,
  isOne: (value: unknown, isGone: IsGone) => boolean,
  isGone: IsGone
): boolean => values.filter((value) => isOne(value, isGone)).length > 0

const without = (operand: unknown, isOne: (value: unknown, isGone: IsGone) => boolean, isGone: IsGone): unknown =>
  Array.isArray(operand) ? operand.filter((value) => !isOne(value, isGone)) : operand

const isRecord = (value: unknown): value is Condition =>
  typeof value === "object" && value !== null && !Array.isArray(value)
