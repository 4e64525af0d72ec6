import type { UnleashContext } from "../../../ports/experiments/Unleash.ts"

/** Attributes that Unleash has fields of its own for, by their name there. */
const attributeOfField = {
  userId: "user_id",
  sessionId: "anonymous_id",
  remoteAddress: "ip",
  appName: "app_name"
} as const
const fieldOfAttribute = new Map<string, string>(
  Object.entries(attributeOfField).map(([field, attribute]) => [attribute, field])
)
/** Fields that win over properties of the same name. */
const ownFields: ReadonlySet<string> = new Set([
  ...Object.keys(attributeOfField),
  "environment",
  "currentTime",
  "properties"
])

/** What an attribute is called in a context of Unleash; nothing where it cannot be read there. */
export const contextNameOf = (attribute: string): string | undefined =>
  fieldOfAttribute.get(attribute) ?? (ownFields.has(attribute) ? undefined : attribute)

/** A context of Unleash as attributes. Ids and addresses are texts there. */
export const attributesOf = ({ properties = {}, ...fields }: UnleashContext): Readonly<Record<string, unknown>> => ({
  ...properties,
  ...Object.fromEntries(
    Object.entries(attributeOfField).flatMap(([field, attribute]) => {
      const value = fields[field]
      return value === undefined || value === null || value === "" ? [] : [[attribute, String(value)]]
    })
  )
})
