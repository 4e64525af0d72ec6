import { PersonalProperties, PersonalTraits } from "../../ports/analytics/AnalyticsEvent.ts"
import type { PlanColumn, PlanField, PlanMetric } from "../../ports/analytics/QueryPlan.ts"
import { channelOtherwise, channelRules } from "./channels.ts"

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

export const dimensionNames: ReadonlyArray<string> = [...Object.keys(columns), "channel", "property:…"]
export const metricNames: ReadonlyArray<string> = [
  "events",
  "people",
  "sessions",
  "orders",
  "revenue",
  "sum:…",
  "average:…",
  "minimum:…",
  "maximum:…"
]

const propertyNameMax = 200

export const fieldOf = (dimension: string): PlanField | undefined => {
  if (dimension.startsWith("property:")) {
    const name = dimension.slice("property:".length)
    return name.length > 0 && name.length <= propertyNameMax ? { kind: "property", name } : undefined
  }
  if (dimension === "channel") return { kind: "channel", rules: channelRules, otherwise: channelOtherwise }
  const column = Object.hasOwn(columns, dimension) ? columns[dimension] : undefined
  return column === undefined ? undefined : { kind: "column", column }
}

export const metricOf = (name: string): PlanMetric | undefined => {
  switch (name) {
    case "events":
    case "people":
    case "sessions":
    case "orders":
    case "revenue":
      return { kind: name }
  }
  const [kind, ...rest] = name.split(":")
  const property = rest.join(":")
  if (property === "" || property.length > propertyNameMax) return undefined
  return kind === "sum" || kind === "average" || kind === "minimum" || kind === "maximum"
    ? { kind, property }
    : undefined
}

const personal = new Set([...Object.keys(PersonalProperties.fields), ...Object.keys(PersonalTraits.fields)])
const notInProperties = new Set(["name"])

/** Whether the property is stored encrypted, by the built-in list or the workspace's own. */
export const isEncrypted = (property: string, own: ReadonlyArray<string>): boolean =>
  own.includes(property) || (personal.has(property) && !notInProperties.has(property))
