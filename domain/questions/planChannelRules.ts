import type { NewChannelRules } from "../../ports/analytics/ChannelRules.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { ChannelRule } from "../../ports/analytics/PlanFilter.ts"
import { isOfOwner } from "./names.ts"
import { planFilter } from "./planFilter.ts"
import type { FilterScope } from "./planFilter.ts"

/** A workspace's own rules with names resolved, and everything that is wrong with them. */
export const planChannelRules = (
  rules: NewChannelRules["rules"],
  scope: FilterScope
): { readonly rules: ReadonlyArray<ChannelRule>; readonly errors: ReadonlyArray<FieldError> } => {
  const own = { ...scope, channelRules: [], cohorts: new Map(), goals: undefined }
  const planned = rules.map(({ when }, index) => planFilter(when, `/rules/${index}/when`, own))
  const others = planned.flatMap(({ named }) =>
    named.filter(({ field }) => field.kind === "channel" || isOfOwner(field))
  )
  return {
    rules: rules.map(({ channel }, index) => ({ channel, when: planned[index]!.filter })),
    errors: [
      ...planned.flatMap(({ errors }) => errors),
      ...others.map(({ pointer }) => ({
        pointer,
        code: "unknown_dimension",
        detail: "a rule of channels looks at the event alone: neither channel nor trait nor account"
      }))
    ]
  }
}
