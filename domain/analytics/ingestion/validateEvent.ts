import {
  eventIdPattern,
  idCharactersMax,
  propertyCountMax,
  stringCharactersMax
} from "../../../ports/analytics/AnalyticsEvent.ts"
import { escaped } from "../../../ports/jsonPointer.ts"
import type { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { parseInstant } from "../../zones/instant.ts"

type Fields = Readonly<Record<string, unknown>>
type Report = (pointer: string, code: string, detail: string) => void

const contextFields: Readonly<Record<string, ReadonlyArray<string>>> = {
  page: ["url", "path", "title", "referrer"],
  device: ["type", "os", "browser"],
  geo: ["country", "region", "city"],
  campaign: ["source", "medium", "campaign", "term", "content"]
}
const eventFields = new Set([
  "event_id",
  "event_type",
  "anonymous_id",
  "user_id",
  "session_id",
  "timestamp",
  "sent_at",
  "properties",
  "context"
])

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Every error of a parsed event, empty where it is one. By hand because the schema walk costs ten times as much on the
 * hottest path; a test proves that it agrees with the schema `AnalyticsEvent`.
 */
export const eventErrors = (
  value: unknown,
  prefix: string,
  sessions: "client" | "server"
): ReadonlyArray<FieldError> => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => errors.push({ pointer: prefix + pointer, code, detail })
  if (!isObject(value)) {
    report("", "wrong_type", "an event must be an object")
    return errors
  }
  for (const key in value) {
    if (!eventFields.has(key)) report(`/${escaped(key)}`, "unknown_field", "this field is not known")
  }
  identifiers(value, sessions, report)
  instants(value, report)
  if (value["properties"] !== undefined) properties(value["properties"], report)
  if (value["context"] !== undefined) context(value["context"], report)
  return errors
}

/**
 * Whether {@link eventErrors} would find nothing, in one pass without a name looked up: what nearly every event is. A
 * test proves that both agree; `false` may also mean that only a closer look can tell.
 */
export const isEvent = (value: unknown, sessions: "client" | "server"): value is AnalyticsEvent => {
  if (!isObject(value)) return false
  let required = sessions === "client" ? 5 : 4
  for (const key in value) {
    const field = value[key]
    switch (key) {
      case "event_id":
        if (typeof field !== "string" || !eventIdPattern.test(field)) return false
        required -= 1
        break
      case "event_type":
      case "anonymous_id":
        if (typeof field !== "string" || field.length < 1 || field.length > idCharactersMax) return false
        required -= 1
        break
      case "session_id":
        if (typeof field !== "string" || field.length < 1 || field.length > idCharactersMax) return false
        if (sessions === "client") required -= 1
        break
      case "user_id":
        if (typeof field !== "string" || field.length > idCharactersMax) return false
        break
      case "timestamp":
        if (typeof field !== "string" || parseInstant(field) === undefined) return false
        required -= 1
        break
      case "sent_at":
        if (typeof field !== "string" || parseInstant(field) === undefined) return false
        break
      case "properties":
        if (!isObject(field) || !arePlain(field)) return false
        break
      case "context":
        if (!isObject(field) || !isContext(field)) return false
        break
      default:
        return false
    }
  }
  return required === 0
}

const isText = (value: unknown): boolean => typeof value === "string" && value.length <= stringCharactersMax

const isContext = (value: Fields): boolean => {
  for (const key in value) {
    const part = value[key]
    if (key === "ip" || key === "user_agent") {
      if (!isText(part)) return false
      continue
    }
    const fields = contextFields[key]
    if (fields === undefined || !isObject(part)) return false
    for (const name in part) if (!isText(part[name]) || !fields.includes(name)) return false
  }
  return true
}

const arePlain = (values: Fields): boolean => {
  let count = 0
  for (const name in values) {
    count += 1
    if (!isPlain(values[name]) && !isOpen(values[name])) return false
  }
  return count <= propertyCountMax
}

const isOpen = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return value === null || isPlain(value)
  if (Array.isArray(value)) return value.every(isOpen)
  for (const key in value) if (!isOpen((value as Fields)[key])) return false
  return true
}

/** For values without errors. */
export const asEvent = (value: unknown): AnalyticsEvent => value as AnalyticsEvent

const identifiers = (event: Fields, sessions: "client" | "server", report: Report): void => {
  const id = event["event_id"]
  if (id === undefined) report("/event_id", "missing", "event_id is required: a UUID (version 4)")
  else if (typeof id !== "string") report("/event_id", "wrong_type", "must be a string")
  else if (!eventIdPattern.test(id)) report("/event_id", "not_a_uuid", "must be a UUID (version 4)")
  text(event, "event_type", true, 1, idCharactersMax, "", report)
  text(event, "anonymous_id", true, 1, idCharactersMax, "", report)
  text(event, "user_id", false, 0, idCharactersMax, "", report)
  text(event, "session_id", sessions === "client", 1, idCharactersMax, "", report)
}

const instants = (event: Fields, report: Report): void => {
  for (const field of ["timestamp", "sent_at"]) {
    const value = event[field]
    if (value === undefined) {
      if (field === "timestamp") report("/timestamp", "missing", "timestamp is required: ISO 8601 with offset")
    } else if (typeof value !== "string") report(`/${field}`, "wrong_type", "must be a string")
    else if (parseInstant(value) === undefined) {
      report(`/${field}`, "not_an_instant", "must be an ISO 8601 date and time with offset, like 2026-11-23T10:00:00Z")
    }
  }
}

const text = (
  fields: Fields,
  name: string,
  required: boolean,
  charactersMin: number,
  charactersMax: number,
  at: string,
  report: Report
): void => {
  const value = fields[name]
  if (value === undefined) {
    if (required) report(`${at}/${name}`, "missing", `${name} is required`)
  } else if (typeof value !== "string") report(`${at}/${name}`, "wrong_type", "must be a string")
  else if (value.length < charactersMin) report(`${at}/${name}`, "too_short", "must not be empty")
  else if (value.length > charactersMax) {
    report(`${at}/${name}`, "too_long", `${charactersMax} characters at the most`)
  }
}

const context = (value: unknown, report: Report): void => {
  if (!isObject(value)) return report("/context", "wrong_type", "must be an object")
  for (const key in value) {
    const fields = contextFields[key]
    const part = value[key]
    if (key === "ip" || key === "user_agent") text(value, key, false, 0, stringCharactersMax, "/context", report)
    else if (fields === undefined) report(`/context/${escaped(key)}`, "unknown_field", "this field is not known")
    else if (!isObject(part)) report(`/context/${key}`, "wrong_type", "must be an object")
    else {
      for (const name in part) {
        if (fields.includes(name)) text(part, name, false, 0, stringCharactersMax, `/context/${key}`, report)
        else report(`/context/${key}/${escaped(name)}`, "unknown_field", "this field is not known")
      }
    }
  }
}

const properties = (value: unknown, report: Report): void => {
  if (!isObject(value)) return report("/properties", "wrong_type", "must be an object")
  const names = Object.keys(value)
  if (names.length > propertyCountMax) {
    report("/properties", "too_many", `${propertyCountMax} properties at the most`)
  }
  for (const name of names) {
    const each = value[name]
    if (!isPlain(each)) openValue(each, `/properties/${escaped(name)}`, report)
  }
}

/** What most values are: nothing to report, and no pointer to make. */
const isPlain = (value: unknown): boolean =>
  typeof value === "string"
    ? value.length <= stringCharactersMax
    : typeof value === "number"
      ? Number.isFinite(value)
      : typeof value === "boolean"

/** Values of `properties` are open but for what cannot be stored as it was sent. */
const openValue = (value: unknown, at: string, report: Report): void => {
  if (typeof value === "string") {
    if (value.length > stringCharactersMax) report(at, "too_long", `${stringCharactersMax} characters at the most`)
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) report(at, "out_of_range", "the number is too large")
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) openValue(value[index], `${at}/${index}`, report)
  } else if (isObject(value)) {
    for (const key in value) if (!isPlain(value[key])) openValue(value[key], `${at}/${escaped(key)}`, report)
  }
}
