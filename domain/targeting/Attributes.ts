/** What is known of whom a flag is evaluated for: JSON values by name. */
export type Attributes = Readonly<Record<string, unknown>>

/** The value at a dotted path; null where something on the way is missing, as in GrowthBook's grammar. */
export const attributeAt = (attributes: unknown, path: ReadonlyArray<string>): unknown => {
  let value = attributes
  for (const name of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return null
    value = (value as Attributes)[name]
  }
  return value ?? null
}

/** Whether something stands at a dotted path, be it null. */
export const hasAttribute = (attributes: unknown, path: ReadonlyArray<string>): boolean => {
  let value = attributes
  for (const name of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return false
    value = (value as Attributes)[name]
  }
  return value !== undefined
}
