import { InvalidEvents } from "../../../ports/analytics/IngestReceipt.ts"
import { countKeys, inspectJson } from "./inspectJson.ts"

/** The value of a body, or why it is none that is taken. */
export const parseBody = (body: string): InvalidEvents | { readonly value: unknown } => {
  const keys = countKeys(body)
  if (keys === undefined) return parseSlowly(body)
  try {
    const value = JSON.parse(body) as unknown
    return keysOf(value) === keys ? { value } : parseSlowly(body)
  } catch {
    return parseSlowly(body)
  }
}

const keysOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) {
    for (const each of value) keys += keysOf(each)
    return keys
  }
  const record = value as Readonly<Record<string, unknown>>
  for (const key in record) {
    const each = record[key]
    keys += typeof each === "object" ? 1 + keysOf(each) : 1
  }
  return keys
}

const parseSlowly = (body: string): InvalidEvents | { readonly value: unknown } => {
  const errors = inspectJson(body)
  if (errors.length > 0) return new InvalidEvents({ status: 400, detail: "the body is not acceptable JSON", errors })
  try {
    return { value: JSON.parse(body) as unknown }
  } catch {
    const error = { pointer: "", code: "not_json", detail: "the body is not JSON" }
    return new InvalidEvents({ status: 400, detail: error.detail, errors: [error] })
  }
}
