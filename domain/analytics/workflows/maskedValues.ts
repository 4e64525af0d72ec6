import { isEncrypted } from "../../privacy/clearValue.ts"

const maskedValue = (value: unknown): unknown => {
  if (isEncrypted(value)) return { encrypted: true }
  if (Array.isArray(value)) return value.map(maskedValue)
  return typeof value === "object" && value !== null ? maskedValues(value) : value
}

/** The values as anybody may see them: what is encrypted shows that it is. */
export const maskedValues = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, maskedValue(value)]))
