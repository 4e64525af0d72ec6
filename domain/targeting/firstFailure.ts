import type { Condition } from "../../ports/targeting/Condition.ts"
import { escaped } from "./checkCondition.ts"
import { compileCondition, isOperators } from "./compileCondition.ts"
import type { Groups } from "./Groups.ts"

/** Pointer (RFC 6901) to the first part of a condition that the attributes do not meet; none where they meet all. */
export const firstFailure = (condition: Condition, attributes: unknown, groups: Groups): string | undefined => {
  for (const [key, value] of Object.entries(condition)) {
    if (compileCondition({ [key]: value }, groups)(attributes)) continue
    return `/${escaped(key)}${within(key, value, attributes, groups)}`
  }
  return undefined
}

const within = (key: string, value: unknown, attributes: unknown, groups: Groups): string => {
  if (key === "$and" && Array.isArray(value)) {
    for (const [at, each] of value.entries()) {
      const failure = firstFailure(each as Condition, attributes, groups)
      if (failure !== undefined) return `/${at}${failure}`
    }
  }
  if (!key.startsWith("$") && isOperators(value)) {
    for (const [operator, operand] of Object.entries(value)) {
      if (!compileCondition({ [key]: { [operator]: operand } }, groups)(attributes)) return `/${operator}`
    }
  }
  return ""
}
