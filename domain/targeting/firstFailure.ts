import { escaped } from "../../ports/jsonPointer.ts"
import type { Condition } from "../../ports/targeting/Condition.ts"
import { compileCondition, isOperators } from "./compileCondition.ts"
import type { Test } from "./compileCondition.ts"
import type { Groups } from "./Groups.ts"

/** Pointer (RFC 6901) to the first part of a condition that attributes do not meet; none where they meet all. */
export type FirstFailure = (attributes: unknown) => string | undefined

interface Part {
  readonly pointer: string
  readonly test: Test
  /** Where in the part, once it is not met. */
  readonly within: FirstFailure
}

const nowhere: FirstFailure = () => undefined

/** Every part compiled once, for who asks often. */
export const compileFirstFailure = (condition: Condition, groups: Groups): FirstFailure =>
  firstOf(
    Object.entries(condition).map(([key, value]) => ({
      pointer: `/${escaped(key)}`,
      test: compileCondition({ [key]: value }, groups),
      within: within(key, value, groups)
    }))
  )

export const firstFailure = (condition: Condition, attributes: unknown, groups: Groups): string | undefined =>
  compileFirstFailure(condition, groups)(attributes)

const firstOf =
  (parts: ReadonlyArray<Part>): FirstFailure =>
  (attributes) => {
    const failed = parts.find(({ test }) => !test(attributes))
    return failed === undefined ? undefined : `${failed.pointer}${failed.within(attributes) ?? ""}`
  }

const isRecord = (value: unknown): value is Condition =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const within = (key: string, value: unknown, groups: Groups): FirstFailure => {
  if (key === "$and" && Array.isArray(value)) {
    // What is no condition is met by nobody.
    const conditions = value.map((each) => (isRecord(each) ? compileFirstFailure(each, groups) : () => ""))
    return (attributes) => {
      for (const [at, failureOf] of conditions.entries()) {
        const failure = failureOf(attributes)
        if (failure !== undefined) return `/${at}${failure}`
      }
      return undefined
    }
  }
  if (key.startsWith("$") || !isOperators(value)) return nowhere
  return firstOf(
    Object.entries(value).map(([operator, operand]) => ({
      pointer: `/${operator}`,
      test: compileCondition({ [key]: { [operator]: operand } }, groups),
      within: nowhere
    }))
  )
}
