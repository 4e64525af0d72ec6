import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { ChannelRule, PlanCohort, PlanField, PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { filterDepthMax, filtersMax, filterValuesMax } from "../../ports/analytics/Question.ts"
import { parseInstant } from "../zones/instant.ts"
import { parseDay } from "../zones/zones.ts"
import { dimensionNames, fieldOf, isEncrypted } from "./names.ts"
import type { KnownGoals } from "./KnownGoals.ts"
import { nearest } from "./nearest.ts"

export const operatorNames = [
  "is",
  "is_not",
  "one_of",
  "contains",
  "not_contains",
  "matches",
  "is_host",
  "is_set",
  "is_not_set",
  "gt",
  "gte",
  "lt",
  "lte"
] as const
type Operator = (typeof operatorNames)[number]
export const membershipOperatorNames = ["is_member", "is_not_member"] as const
export const goalOperatorNames = ["is", "is_not"] as const
/** Characters of a text with wildcards, and of these wildcards. */
export const patternCharactersMax = 1000
export const wildcardsMax = 20

const isOperator = (name: unknown): name is Operator =>
  typeof name === "string" && (operatorNames as ReadonlyArray<string>).includes(name)

export interface Dimensions {
  readonly names: ReadonlyArray<string>
  readonly fieldOf: (dimension: string) => PlanField | undefined
}

/** What a workspace's filters are read with. */
export interface FilterScope {
  /** Cohorts that may be named, by id. */
  readonly cohorts?: ReadonlyMap<string, PlanCohort>
  /** Goals that may be named; without it, what is filtered is no events. */
  readonly goals?: KnownGoals | undefined
  readonly personalFields: ReadonlyArray<string>
  readonly channelRules: ReadonlyArray<ChannelRule>
  /** Which value of a trait counts: today's, or that at the event. */
  readonly asOf: "today" | "event"
  /** What may be named: fields of sessions, say; those of events unless told. */
  readonly dimensions?: Dimensions
  /** Blind index of a property's or trait's value. */
  readonly blindIndex: (name: string, value: string) => string
  /** The id as it is stored: e-mail addresses and phone numbers are replaced. */
  readonly storedId: (id: string) => string
}

/** A field and where the filter names it. */
export interface NamedField {
  readonly field: PlanField
  readonly pointer: string
}

type Fields = Readonly<Record<string, unknown>>
type Report = (pointer: string, code: string, detail: string) => void

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The filter with names resolved, or everything that is wrong with it. Takes any value: GET brings one as JSON text. */
export const planFilter = (
  filter: unknown,
  pointer: string,
  scope: FilterScope
): {
  readonly filter: PlanFilter
  readonly named: ReadonlyArray<NamedField>
  readonly errors: ReadonlyArray<FieldError>
} => {
  const errors: Array<FieldError> = []
  const named: Array<NamedField> = []
  const report: Report = (at, code, detail) => void errors.push({ pointer: at, code, detail })
  let count = 0

  const visit = (each: unknown, at: string, depth: number): PlanFilter => {
    count += 1
    if (depth > filterDepthMax) report(at, "too_deep", `filters nest ${filterDepthMax} levels at the most`)
    if (depth > filterDepthMax || count > filtersMax) return always
    const kind = shapeOf(each)
    if (!isObject(each) || kind === undefined) {
      const detail =
        "a filter is { and }, { or }, { not }, { dimension, operator, value }, { cohort, operator } or { goal, operator }"
      report(at, "wrong_type", detail)
      return always
    }
    if (kind === "membership") return planMembership(each, at, scope, report)
    if (kind === "goal") return planGoalCondition(each, at, scope, report)
    if (kind === "condition") {
      const planned = planCondition(each, at, scope, report)
      if (planned === undefined) return always
      named.push({ field: planned.field, pointer: `${at}/dimension` })
      return planned.filter
    }
    if (kind === "not") return not(visit(each["not"], `${at}/not`, depth + 1))
    const parts = each[kind]
    if (Array.isArray(parts))
      return { kind, filters: parts.map((one, index) => visit(one, `${at}/${kind}/${index}`, depth + 1)) }
    report(`${at}/${kind}`, "wrong_type", "must be a list of filters")
    return always
  }

  const planned = visit(filter, pointer, 1)
  if (count > filtersMax) report(pointer, "too_many", `${filtersMax} filters at the most`)
  return { filter: planned, named, errors }
}

const conditionKeys = ["dimension", "operator", "value"]
const membershipKeys = ["cohort", "operator"]
const goalKeys = ["goal", "operator"]

const shapeOf = (filter: unknown): "and" | "or" | "not" | "condition" | "membership" | "goal" | undefined => {
  if (!isObject(filter)) return undefined
  const keys = Object.keys(filter)
  if (keys.includes("cohort") && keys.every((key) => membershipKeys.includes(key))) return "membership"
  if (keys.includes("goal") && keys.every((key) => goalKeys.includes(key))) return "goal"
  if (keys.includes("dimension") && keys.every((key) => conditionKeys.includes(key))) return "condition"
  const [only = ""] = keys
  return keys.length === 1 && (only === "and" || only === "or" || only === "not") ? only : undefined
}

const planMembership = ({ cohort, operator }: Fields, at: string, scope: FilterScope, report: Report): PlanFilter => {
  const found = typeof cohort === "string" ? scope.cohorts?.get(cohort) : undefined
  if (found === undefined) report(`${at}/cohort`, "unknown_cohort", `there is no cohort ${textOf(cohort)}`)
  if (!isMembershipOperator(operator))
    report(`${at}/operator`, "unknown_operator", unknown(textOf(operator), membershipOperatorNames))
  if (found === undefined || !isMembershipOperator(operator)) return always
  const member: PlanFilter = { kind: "member_of", cohort: found }
  return operator === "is_member" ? member : not(member)
}

const planGoalCondition = ({ goal, operator }: Fields, at: string, scope: FilterScope, report: Report): PlanFilter => {
  const found = conversionsOfGoal(goal, `${at}/goal`, scope, report)
  if (operator !== "is" && operator !== "is_not")
    report(`${at}/operator`, "unknown_operator", unknown(textOf(operator), goalOperatorNames))
  return operator === "is" ? found : not(found)
}

/** The events that are conversions of a goal; all after it said that the goal cannot be named here. */
export const conversionsOfGoal = (
  goal: unknown,
  at: string,
  { goals }: Pick<FilterScope, "goals">,
  report: Report
): PlanFilter => {
  const found = typeof goal === "string" ? goals?.get(goal) : undefined
  if (goals === undefined) report(at, "not_of_events", "goals are of events, and may not be named here")
  else if (found === undefined) report(at, "unknown_goal", `there is no goal ${textOf(goal)}`)
  return found?.conversions ?? always
}

const isMembershipOperator = (name: unknown): name is (typeof membershipOperatorNames)[number] =>
  typeof name === "string" && (membershipOperatorNames as ReadonlyArray<string>).includes(name)

const planCondition = (
  { dimension, operator, value }: Fields,
  at: string,
  scope: FilterScope,
  report: Report
): { readonly filter: PlanFilter; readonly field: PlanField } | undefined => {
  const field =
    typeof dimension === "string"
      ? (scope.dimensions?.fieldOf ?? ((name) => fieldOf(name, scope)))(dimension)
      : undefined
  if (field === undefined)
    report(
      `${at}/dimension`,
      "unknown_dimension",
      unknown(textOf(dimension), scope.dimensions?.names ?? dimensionNames)
    )
  if (!isOperator(operator)) report(`${at}/operator`, "unknown_operator", unknown(textOf(operator), operatorNames))
  if (field === undefined || !isOperator(operator)) return undefined
  const filter =
    operator === "is_set" || operator === "is_not_set"
      ? { kind: "is_set" as const, field }
      : isEncrypted(field, scope.personalFields)
        ? compareEncrypted(field, operator, value, at, scope, report)
        : compareClear(field, operator, value, at, scope, report)
  return { field, filter: operator === "is_not_set" ? not(filter) : filter }
}

/** By blind index; what came before the workspace declared the name is clear, and compared as it is. */
const compareEncrypted = (
  field: PlanField,
  operator: Operator,
  value: unknown,
  at: string,
  scope: FilterScope,
  report: Report
): PlanFilter => {
  if ((operator !== "is" && operator !== "is_not") || !("name" in field) || !isPlain(value)) {
    const detail = "the field is encrypted: is, is_not, is_set and is_not_set with one value are possible"
    report(`${at}/operator`, "encrypted_field", detail)
    return always
  }
  const text = String(value)
  const index: PlanFilter = { kind: "index_is", field, index: scope.blindIndex(field.name, text) }
  const same: PlanFilter = { kind: "or", filters: [index, { kind: "is", field, value: text }] }
  return operator === "is" ? same : not(same)
}

const compareClear = (
  field: PlanField,
  operator: Operator,
  value: unknown,
  at: string,
  scope: FilterScope,
  report: Report
): PlanFilter => {
  const wrong = (detail: string): PlanFilter => {
    report(`${at}/value`, "wrong_type", detail)
    return always
  }
  const stored = (one: string | number | boolean) => (isId(field) ? scope.storedId(String(one)) : String(one))
  switch (operator) {
    case "one_of":
      return isPlainList(value)
        ? { kind: "one_of", field, values: value.map(stored) }
        : wrong(`must be a list of up to ${filterValuesMax} texts, numbers or booleans`)
    case "matches":
      return typeof value === "string" && isPattern(value)
        ? { kind: "matches", field, pattern: value }
        : wrong(`must be a text of up to ${patternCharactersMax} characters with up to ${wildcardsMax} wildcards`)
    case "is_host": {
      const hosts = typeof value === "string" ? [value] : value
      return isPlainList(hosts) && hosts.every((host) => hostName.test(String(host)))
        ? {
            kind: "host_is",
            field,
            hosts: hosts.map((host) =>
              String(host)
                .toLowerCase()
                .replace(/^www\./, "")
            )
          }
        : wrong("must be a host like example.com, or a list of hosts")
    }
    case "gt":
    case "gte":
    case "lt":
    case "lte": {
      const bound = boundOf(value)
      return bound === undefined
        ? wrong("must be a number, a day like 2026-11-23, or a date and time with offset")
        : { kind: "compare", field, operator, ...bound }
    }
    default: {
      if (!isPlain(value)) return wrong("must be a text, a number or a boolean")
      const same: PlanFilter =
        operator === "is" || operator === "is_not"
          ? { kind: "is", field, value: stored(value) }
          : { kind: "contains", field, value: String(value) }
      return operator === "is" || operator === "contains" ? same : not(same)
    }
  }
}

export const isPattern = (text: string): boolean =>
  text.length > 0 && text.length <= patternCharactersMax && (text.match(/\*+/g)?.length ?? 0) <= wildcardsMax

const hostName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i

const boundOf = (value: unknown): { readonly as: "number" | "instant"; readonly value: number } | undefined => {
  if (typeof value === "number" && Number.isFinite(value)) return { as: "number", value }
  if (typeof value !== "string") return undefined
  const millis = parseDay(value) === undefined ? parseInstant(value) : Date.parse(`${value}T00:00:00Z`)
  return millis === undefined ? undefined : { as: "instant", value: millis }
}

const isId = (field: PlanField): boolean =>
  field.kind === "account" ||
  (field.kind === "column" && ["user_id", "anonymous_id", "session_id"].includes(field.column))

const always: PlanFilter = { kind: "and", filters: [] }
const not = (filter: PlanFilter): PlanFilter => ({ kind: "not", filter })
const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"
const isPlainList = (value: unknown): value is ReadonlyArray<string | number | boolean> =>
  Array.isArray(value) && value.length <= filterValuesMax && value.every(isPlain)

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"))

export const unknown = (name: string, known: ReadonlyArray<string>): string => {
  const near = nearest(name, known)
  return `${name} is not known${near === undefined ? `; known: ${known.join(", ")}` : `; did you mean ${near}?`}`
}
