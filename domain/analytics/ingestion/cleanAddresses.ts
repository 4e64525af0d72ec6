import { withoutEmails } from "./emailRemoval.ts"
import { cleanAddress, parseAddress, withoutQuery } from "./pageAddress.ts"

/** An address of the web with something in it that may be personal: a query, a fragment, a user, an e-mail address. */
const suspicious = /^https?:\/\/\S*(?:[?#@]|%40)/i

interface Cleaned {
  readonly cleaned: Record<string, unknown>
  readonly emailRemoved: boolean
}

/** Values that are addresses lose what addresses of pages lose, at any depth: a link that was clicked bears the same queries. */
export const cleanAddresses = (values: Readonly<Record<string, unknown>>, kept: ReadonlyArray<string>): Cleaned => {
  let emailRemoved = false
  const cleanText = (text: string): string => {
    if (!suspicious.test(text)) return text
    const url = parseAddress(text)
    const address = url === undefined ? withoutQuery(text) : cleanAddress(url, kept)
    const cleaned = withoutEmails(address)
    emailRemoved ||= cleaned !== address
    return cleaned
  }
  const clean = (value: unknown): unknown => {
    if (typeof value === "string") return cleanText(value)
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) {
      const cleaned = value.map(clean)
      return cleaned.every((each, at) => each === value[at]) ? value : cleaned
    }
    return cleanRecord(value as Readonly<Record<string, unknown>>)
  }
  /** The same object where nothing changes, as it nearly always is. */
  const cleanRecord = (record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    let copy: Record<string, unknown> | undefined
    for (const name of Object.keys(record)) {
      const cleaned = clean(record[name])
      if (cleaned !== record[name]) (copy ??= { ...record })[name] = cleaned
    }
    return copy ?? record
  }
  const cleaned = cleanRecord(values)
  return { cleaned, emailRemoved }
}
