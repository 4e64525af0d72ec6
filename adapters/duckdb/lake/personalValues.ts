import { isReservedId } from "../../../ports/analytics/EventStore.ts"

/** What stands in the visible columns where a value was personal data. */
const encrypted = { encrypted: true }

const isSealed = (value: object): value is { readonly $pii: string } => "$pii" in value

/**
 * The line with its sealed values moved into `personal`, by field, each as a reference that names whose it is:
 * columns that everybody reads hold none of them.
 */
export const withPersonalApart = (line: string): string => {
  if (!line.includes('"$pii"')) return line
  const event = JSON.parse(line) as Record<string, unknown>
  const { anonymous_id, event_id, user_id } = event as Readonly<Record<string, string | undefined>>
  const subject = user_id === undefined || isReservedId(user_id) ? anonymous_id : user_id
  const personal: Record<string, string> = {}
  const moved = (value: unknown, field: string): unknown => {
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) return value.map((each, at) => moved(each, `${field}.${at}`))
    if (!isSealed(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moved(each, `${field}.${name}`)]))
    }
    const reference = JSON.stringify([subject, event_id, field, value.$pii])
    personal[field] = `$pii{${Buffer.from(reference).toString("base64url")}}`
    return encrypted
  }
  for (const part of ["properties", "traits", "traits_once"]) {
    if (event[part] !== undefined) event[part] = moved(event[part], part)
  }
  return JSON.stringify({ ...event, personal })
}
