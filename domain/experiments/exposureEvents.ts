import { createHash } from "node:crypto"
import { idCharactersMax, stringCharactersMax } from "../../ports/analytics/AnalyticsEvent.ts"
import type { AnalyticsEvent } from "../../ports/analytics/AnalyticsEvent.ts"
import type { Assignment, HeldOut, HoldoutGroup } from "../../ports/experiments/Evaluation.ts"

/** The product's own namespace of UUIDs, drawn once. */
const namespace = Buffer.from("6f1c2f0e5b2a4c8e9d3b7a41c05e8f12", "hex")

/** UUID version 5 (RFC 9562, 5.5) of a name in the product's namespace. */
export const uuidOf = (name: string): string => {
  const bytes = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Ids that never link people: one for units that are known by another id alone. */
const noDevice = "server"

interface Exposed {
  readonly unit: string
  readonly unit_attribute: string
}

/** What tells one exposure from another. */
export const exposureId = ({ experiment, phase, unit, unit_attribute, variant }: Assignment): string =>
  uuidOf(JSON.stringify(["exposed", experiment, phase, variant, unit_attribute, unit]))

/** The same for this process alone, without the cost of a hash: of no two exposures the same. */
export const exposureKey = ({ experiment, phase, unit, unit_attribute, variant }: Assignment): string =>
  `${phase} ${experiment.length} ${experiment}${variant.length} ${variant}${unit_attribute.length} ${unit_attribute}${unit.length} ${unit}`

export const heldOutId = (
  { experiment, holdout, unit, unit_attribute }: HeldOut,
  group: HoldoutGroup = "held_out"
): string => uuidOf(JSON.stringify([group, holdout, experiment, unit_attribute, unit]))

/** An exposure as an event of the unit. */
export const exposureEvent = (
  assignment: Assignment,
  attributes: Readonly<Record<string, unknown>>,
  timeMillis: number
): AnalyticsEvent => ({
  ...eventOf(exposureId(assignment), assignment, attributes, timeMillis),
  event_type: "experiment_exposed",
  properties: {
    experiment_id: assignment.experiment,
    variant: assignment.variant,
    phase: assignment.phase,
    source: assignment.from === "stored" ? "stored" : "hash",
    ...(assignment.from === "unavailable" ? { sticky: "unavailable" } : {}),
    ...assignment.allocation
  }
})

export const heldOutEvent = (
  heldOut: HeldOut,
  group: HoldoutGroup,
  attributes: Readonly<Record<string, unknown>>,
  timeMillis: number
): AnalyticsEvent => ({
  ...eventOf(heldOutId(heldOut, group), heldOut, attributes, timeMillis),
  event_type: "holdout_exposed",
  properties: {
    holdout_id: heldOut.holdout,
    group,
    ...(heldOut.experiment === null ? {} : { experiment_id: heldOut.experiment })
  }
})

const isShort = (value: unknown): value is string => typeof value === "string" && value.length <= stringCharactersMax

/** An id that an event may bear. */
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= idCharactersMax
    ? value
    : typeof value === "number"
      ? String(value)
      : undefined

const eventOf = (
  event_id: string,
  { unit, unit_attribute }: Exposed,
  attributes: Readonly<Record<string, unknown>>,
  timeMillis: number
) => {
  const user = unit_attribute === "user_id" ? unit : text(attributes["user_id"])
  const device = unit_attribute === "anonymous_id" ? unit : text(attributes["anonymous_id"])
  const context = {
    ...(isShort(attributes["user_agent"]) ? { user_agent: attributes["user_agent"] } : {}),
    ...(isShort(attributes["ip"]) ? { ip: attributes["ip"] } : {})
  }
  return {
    event_id,
    anonymous_id: device ?? noDevice,
    ...(user === undefined ? {} : { user_id: user }),
    timestamp: new Date(timeMillis).toISOString(),
    ...(Object.keys(context).length === 0 ? {} : { context })
  }
}

/** Whether the unit is somebody whom events can name: a user or a device. */
export const isNamed = ({ unit, unit_attribute }: Exposed, attributes: Readonly<Record<string, unknown>>): boolean =>
  unit !== "" &&
  unit.length <= idCharactersMax &&
  (unit_attribute === "user_id" ||
    unit_attribute === "anonymous_id" ||
    text(attributes["user_id"]) !== undefined ||
    text(attributes["anonymous_id"]) !== undefined)
