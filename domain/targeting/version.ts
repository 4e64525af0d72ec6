/**
 * A version as text that sorts as versions do: numeric parts padded, a release above its pre-releases, build
 * information dropped. GrowthBook's rule; anything but a number or a text counts as "0".
 */
export const sortableVersion = (input: unknown): string => {
  if (typeof input !== "string") return sortable(input)
  if (input !== lastText) {
    lastSortable = sortable(input)
    lastText = input
  }
  return lastSortable
}

/** Rule after rule asks of the same version. */
let lastText = "0"
let lastSortable = "0"

const sortable = (input: unknown): string => {
  const text = typeof input === "number" ? String(input) : typeof input === "string" && input !== "" ? input : "0"
  const parts = text.replace(/(^v|\+.*$)/gu, "").split(/[-.]/u)
  if (parts.length === 3) parts.push("~")
  return parts.map((part) => (/^\d+$/u.test(part) ? part.padStart(5, " ") : part)).join("-")
}
