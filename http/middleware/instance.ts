import { operations } from "../contract/Api.ts"

/** What stands in place of a key: a problem is kept and shown where a request's address is not. */
const masked = "***"

/** What leads to a key in the path, as `/api/features/`. */
const beforeKeys = [
  ...new Set(
    operations.filter(({ rules }) => rules.clientKey === "path").map(({ path }) => path.slice(0, path.indexOf("{")))
  )
]

/** A path with its escapes of ASCII undone, by which a client could write the way to a key otherwise. */
const unescaped = (path: string): string =>
  path.replaceAll(/%[0-7][0-9a-f]/giu, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))

/** The address that a problem names (RFC 9457, `instance`): without the query and without a key in the path. */
export const instanceOf = (url: string): string => {
  const path = url.split("?", 1)[0]!
  const plain = path.includes("%") ? unescaped(path) : path
  const before = beforeKeys.find((each) => plain.startsWith(each) && plain.length > each.length)
  return before === undefined ? path : before + masked
}
