/** A name for an id; none where the text is no id that goes. */
export type NameOf = Pick<ReadonlyMap<string, string>, "get">

/** The value with a name in the place of each id: of whole texts, and of parts of a path (`persons/ada`). */
export const withoutIds = (value: unknown, nameOf: NameOf): unknown => {
  if (typeof value === "string") return nameOf.get(value) ?? replacedParts(value, nameOf)
  if (Array.isArray(value)) return value.map((each) => withoutIds(each, nameOf))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [nameOf.get(name) ?? name, withoutIds(each, nameOf)])
  )
}

/** An id may hold a slash itself: behind the collection stands the whole of it. */
const replacedParts = (text: string, nameOf: NameOf): string => {
  const at = text.indexOf("/")
  if (at < 0) return text
  const rest = text.slice(at + 1)
  return `${text.slice(0, at)}/${
    nameOf.get(rest) ??
    rest
      .split("/")
      .map((part) => nameOf.get(part) ?? part)
      .join("/")
  }`
}
