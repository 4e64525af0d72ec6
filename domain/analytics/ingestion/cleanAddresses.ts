import { withoutEmails } from "./emailRemoval.ts"
import { cleanAddress, parseAddress, withoutQuery } from "./pageAddress.ts"

/** An address of the web with something in it that may be personal: a query, a fragment, a user, an e-mail address. */
const suspicious = /^https?:\/\/\S*(?:[?#@]|%40)/i
const lowerCaseBit = 32
const lowerH = 104

interface Cleaned {
  readonly cleaned: Record<string, unknown>
  readonly emailRemoved: boolean
}

/** Values that are addresses lose what addresses of pages lose, at any depth: a link that was clicked bears the same queries. */
export const cleanAddresses = (
  values: Readonly<Record<string, unknown>>,
  keptParameters: ReadonlyArray<string>
): Cleaned => {
  let emailRemoved = false
  const cleanText = (text: string): string => {
    if ((text.charCodeAt(0) | lowerCaseBit) !== lowerH || !suspicious.test(text)) return text
    const address = parseAddress(text)
    const kept = address === undefined ? withoutQuery(text) : cleanAddress(address, keptParameters)
    const cleaned = withoutEmails(kept)
    emailRemoved ||= cleaned !== kept
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
    for (const name in record) {
      const cleaned = clean(record[name])
      if (cleaned !== record[name]) (copy ??= { ...record })[name] = cleaned
    }
    return copy ?? record
  }
  const cleaned = cleanRecord(values)
  return { cleaned, emailRemoved }
}
