import type { ChannelRule, PlanCohort, PlanColumn, PlanField } from "../../ports/analytics/PlanFilter.ts"
import { accountTypePattern, accountTypeUsual } from "../../ports/analytics/Account.ts"
import { dimensionCohortsMax } from "../../ports/analytics/Question.ts"
import type { SessionLimits } from "../../ports/analytics/SessionLimits.ts"
import type { PlanMetric } from "../../ports/analytics/TrendPlan.ts"
import { isPersonalProperty, isPersonalTrait } from "../privacy/personalNames.ts"
import { accountTypeOf } from "./aggregateBy.ts"
import { channelOtherwise } from "./channels.ts"
import type { KnownGoals } from "./KnownGoals.ts"

const columns: Readonly<Record<string, PlanColumn>> = {
  event_type: "event_type",
  host: "host",
  path: "path",
  title: "title",
  referrer: "referrer_host",
  country: "country",
  region: "region",
  city: "city",
  device: "device_type",
  os: "os",
  browser: "browser",
  utm_source: "source",
  utm_medium: "medium",
  utm_campaign: "campaign",
  utm_term: "term",
  utm_content: "content",
  click_id_type: "click_id_type",
  user_id: "user_id",
  anonymous_id: "anonymous_id",
  session_id: "session_id",
  currency: "currency"
}

export const dimensionNames: ReadonlyArray<string> = [
  ...Object.keys(columns),
  "source",
  "channel",
  "property:…",
  "trait:…",
  "cohort:…",
  "account",
  "account:…",
  "account_trait:…"
]
export const metricNames: ReadonlyArray<string> = [
  "events",
  "people",
  "accounts",
  "accounts:…",
  "sessions",
  "orders",
  "revenue",
  "average_order_value",
  "sum:…",
  "average:…",
  "minimum:…",
  "maximum:…",
  "conversions:…",
  "converters:…",
  "conversion_rate:…"
]

const propertyNameMax = 200

/** Where a visit came from: what its campaign says, else the host that linked. */
export const sourceField: PlanField = { kind: "first_of", columns: ["source", "referrer_host"] }

const nameBehind = (prefix: string, text: string): string | undefined => {
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : ""
  return name.length > 0 && name.length <= propertyNameMax ? name : undefined
}

const cohortPrefix = "cohort:"

/** Ids of the cohorts that a dimension names. */
export const cohortsOfDimension = (dimension: string): ReadonlyArray<string> =>
  dimension.startsWith(cohortPrefix) ? dimension.slice(cohortPrefix.length).split("|") : []

/** Who belongs to which of the named cohorts. */
export const cohortFieldOf = (
  dimension: string,
  cohorts: ReadonlyMap<string, PlanCohort> | undefined
): Extract<PlanField, { readonly kind: "cohort" }> | undefined => {
  const named = cohortsOfDimension(dimension)
  const found = named.flatMap((id) => {
    const cohort = cohorts?.get(id)
    return cohort === undefined ? [] : [{ id, cohort }]
  })
  return named.length === 0 || named.length > dimensionCohortsMax || found.length < named.length
    ? undefined
    : { kind: "cohort", cohorts: found }
}

/** `account_trait:plan`, or with the type of the account `account_trait:company:plan`. */
const accountTraitOf = (dimension: string) => {
  const text = nameBehind("account_trait:", dimension)
  if (text === undefined) return undefined
  const at = text.indexOf(":")
  const [type, name] = at === -1 ? [accountTypeUsual, text] : [text.slice(0, at), text.slice(at + 1)]
  return accountTypePattern.test(type) && name !== "" ? { kind: "account_trait" as const, type, name } : undefined
}

/** What a dimension's name stands for, `undefined` where it stands for nothing. */
export const fieldOf = (
  dimension: string,
  how: {
    readonly asOf: "today" | "event"
    readonly channelRules: ReadonlyArray<ChannelRule>
    readonly cohorts?: ReadonlyMap<string, PlanCohort>
  }
): PlanField | undefined => {
  if (dimension.startsWith(cohortPrefix)) return cohortFieldOf(dimension, how.cohorts)
  const property = nameBehind("property:", dimension)
  if (property !== undefined) return { kind: "property", name: property }
  const trait = nameBehind("trait:", dimension)
  if (trait !== undefined) return { kind: "trait", name: trait, asOf: how.asOf }
  const accountTrait = accountTraitOf(dimension)
  if (accountTrait !== undefined) return { ...accountTrait, asOf: how.asOf }
  const accountType = accountTypeOf(dimension)
  if (accountType !== undefined) return { kind: "account", type: accountType }
  if (dimension === "source") return sourceField
  if (dimension === "channel") return { kind: "channel", rules: how.channelRules, otherwise: channelOtherwise }
  const column = Object.hasOwn(columns, dimension) ? columns[dimension] : undefined
  return column === undefined ? undefined : { kind: "column", column }
}

/** Metrics of a goal, by the prefix of its id. */
const goalMetrics = { conversions: "events", converters: "people", conversion_rate: "people_share" } as const

const isGoalMetric = (prefix: string | undefined): prefix is keyof typeof goalMetrics =>
  prefix !== undefined && Object.hasOwn(goalMetrics, prefix)

/** Id of the goal that a metric names. */
export const goalOfMetric = (name: string): string | undefined => {
  const [prefix, ...id] = name.split(":")
  return isGoalMetric(prefix) && id.length > 0 ? id.join(":") : undefined
}

export const metricOf = (
  name: string,
  { goals, limits }: { readonly limits: SessionLimits; readonly goals?: KnownGoals | undefined }
): PlanMetric | undefined => {
  switch (name) {
    case "events":
    case "people":
    case "orders":
    case "revenue":
    case "average_order_value":
      return { kind: name }
    case "sessions":
      return { kind: name, limits }
  }
  const accountType = /^accounts(?=:|$)/.test(name) ? accountTypeOf(name.replace("accounts", "account")) : undefined
  if (accountType !== undefined) return { kind: "accounts", accountType }
  const [kind, ...rest] = name.split(":")
  const property = rest.join(":")
  if (isGoalMetric(kind)) {
    const goal = goals?.get(property)
    return goal === undefined ? undefined : { kind: goalMetrics[kind], where: goal.conversions }
  }
  if (property === "" || property.length > propertyNameMax) return undefined
  return kind === "sum" || kind === "average" || kind === "minimum" || kind === "maximum"
    ? { kind, property }
    : undefined
}

/** Whether the field is of the event's person or account, and not of the event alone. */
export const isOfOwner = ({ kind }: PlanField): boolean =>
  kind === "trait" || kind === "account" || kind === "account_trait"

/** Whether the field's values are stored encrypted, by the built-in list or the workspace's own. */
export const isEncrypted = (field: PlanField, own: ReadonlyArray<string>): boolean =>
  field.kind === "property" || field.kind === "account_trait"
    ? isPersonalProperty(field.name, own)
    : field.kind === "trait" && (isPersonalTrait(field.name, own) || field.name.startsWith("$"))
