const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The same text for equal JSON values alone. Every value in it and every text is told to `spend`, by its size, before
 * it is written; where that says no, the text ends early and means nothing.
 */
export const canonical = (value: unknown, spend: (size: number) => boolean = () => true): string => {
  if (!spend(1 + (typeof value === "string" ? value.length : 0))) return ""
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, spend)).join(",")}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? "null"
  const names = Object.keys(value)
  if (!spend(names.length)) return ""
  return `{${names
    .toSorted()
    .map((name) => `${canonical(name, spend)}:${canonical(value[name], spend)}`)
    .join(",")}}`
}
