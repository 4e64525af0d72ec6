import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { PlanFilter } from "../../ports/analytics/QueryPlan.ts"
import { filterDepthMax, filtersMax, filterValuesMax } from "../../ports/analytics/Question.ts"
import type { Filter } from "../../ports/analytics/Question.ts"
import { dimensionNames, fieldOf, isEncrypted } from "./names.ts"
import { nearest } from "./nearest.ts"

export const operatorNames = [
  "is",
  "is_not",
  "one_of",
  "contains",
  "not_contains",
  "is_set",
  "is_not_set",
  "gt",
  "gte",
  "lt",
  "lte"
] as const
type Operator = (typeof operatorNames)[number]

const isOperator = (name: string): name is Operator => (operatorNames as ReadonlyArray<string>).includes(name)

export interface FilterScope {
  readonly personalFields: ReadonlyArray<string>
  /** Blind index of a property's value. */
  readonly blindIndex: (property: string, value: string) => string
}

/** The filter with names resolved, or everything that is wrong with it. */
export const planFilter = (
  filter: Filter,
  pointer: string,
  scope: FilterScope
): { readonly filter: PlanFilter; readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report = (at: string, code: string, detail: string) => void errors.push({ pointer: at, code, detail })
  let count = 0

  const visit = (each: Filter, at: string, depth: number): PlanFilter => {
    count += 1
    if (depth > filterDepthMax) report(at, "too_deep", `filters nest ${filterDepthMax} levels at the most`)
    if (depth > filterDepthMax || count > filtersMax) return always
    if ("and" in each)
      return { kind: "and", filters: each.and.map((one, index) => visit(one, `${at}/and/${index}`, depth + 1)) }
    if ("or" in each)
      return { kind: "or", filters: each.or.map((one, index) => visit(one, `${at}/or/${index}`, depth + 1)) }
    if ("not" in each) return { kind: "not", filter: visit(each.not, `${at}/not`, depth + 1) }
    return condition(each, at)
  }

  const condition = (each: Extract<Filter, { readonly dimension: string }>, at: string): PlanFilter => {
    const { dimension, operator, value } = each
    const field = fieldOf(dimension)
    if (field === undefined) report(`${at}/dimension`, "unknown_dimension", unknown(dimension, dimensionNames))
    if (!isOperator(operator)) report(`${at}/operator`, "unknown_operator", unknown(operator, operatorNames))
    if (field === undefined || !isOperator(operator)) return always
    if (operator === "is_set") return { kind: "is_set", field }
    if (operator === "is_not_set") return not({ kind: "is_set", field })
    const property = field.kind === "property" ? field.name : undefined
    if (property !== undefined && isEncrypted(property, scope.personalFields)) {
      if ((operator !== "is" && operator !== "is_not") || typeof value !== "string") {
        report(
          `${at}/operator`,
          "encrypted_field",
          `${dimension} is encrypted: is, is_not, is_set and is_not_set with a text are possible`
        )
        return always
      }
      const same: PlanFilter = { kind: "index_is", property, index: scope.blindIndex(property, value) }
      return operator === "is" ? same : not(same)
    }
    switch (operator) {
      case "one_of": {
        if (!Array.isArray(value) || value.length > filterValuesMax || !value.every(isPlain)) {
          report(`${at}/value`, "wrong_type", `must be a list of up to ${filterValuesMax} texts, numbers or booleans`)
          return always
        }
        return { kind: "one_of", field, values: value.map(String) }
      }
      case "gt":
      case "gte":
      case "lt":
      case "lte": {
        if (typeof value === "number" && Number.isFinite(value)) return { kind: "compare", field, operator, value }
        report(`${at}/value`, "wrong_type", "must be a number")
        return always
      }
      default: {
        if (!isPlain(value)) {
          report(`${at}/value`, "wrong_type", "must be a text, a number or a boolean")
          return always
        }
        const same: PlanFilter = {
          kind: operator === "is" || operator === "is_not" ? "is" : "contains",
          field,
          value: String(value)
        }
        return operator === "is" || operator === "contains" ? same : not(same)
      }
    }
  }

  const planned = visit(filter, pointer, 1)
  if (count > filtersMax) report(pointer, "too_many", `${filtersMax} filters at the most`)
  return { filter: planned, errors }
}

const always: PlanFilter = { kind: "and", filters: [] }
const not = (filter: PlanFilter): PlanFilter => ({ kind: "not", filter })
const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

export const unknown = (name: string, known: ReadonlyArray<string>): string => {
  const near = nearest(name, known)
  return `${name} is not known${near === undefined ? `; known: ${known.join(", ")}` : `; did you mean ${near}?`}`
}
