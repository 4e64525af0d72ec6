import { Schema } from "effect"
import { resource } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { FunnelDefinition } from "./FunnelQuestion.ts"

export const funnels = resource({
  name: "funnels",
  singular: "funnel",
  identifier: "Funnel",
  fields: {
    name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
    description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
    ...FunnelDefinition.fields
  },
  unique: ["name"],
  example: {
    name: "Signed up to bought",
    steps: [{ event_types: ["user_signed_up"] }, { event_types: ["order_completed"] }],
    conversion_window: { value: 7, unit: "day" }
  }
})
export const FunnelRevision = revisionOf("Funnel", funnels.definition)
export type NewFunnel = typeof funnels.definition.Type
export type Funnel = typeof funnels.item.Type
