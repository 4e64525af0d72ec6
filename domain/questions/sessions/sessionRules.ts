import { sessionIdleMinutesUsual, sessionMaximumMinutesUsual } from "../../../ports/analytics/IngestSettings.ts"
import type { IngestSettings } from "../../../ports/analytics/IngestSettings.ts"
import type { PlanColumn, PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import type { SessionLimits } from "../../../ports/analytics/SessionLimits.ts"
import type { SourceRules } from "../../../ports/analytics/SessionPlan.ts"
import { bareHosts } from "../channels.ts"

const minuteMillis = 60_000

export const sessionLimitsOf = (
  settings: Pick<IngestSettings, "session_idle_minutes" | "session_maximum_minutes">
): SessionLimits => ({
  idleMillis: (settings.session_idle_minutes ?? sessionIdleMinutesUsual) * minuteMillis,
  maximumMillis: (settings.session_maximum_minutes ?? sessionMaximumMinutesUsual) * minuteMillis
})

const campaignColumns = ["source", "medium", "campaign", "term", "content", "click_id_type"] as const

/** Campaign, click id or a referrer that is none of the workspace's own: judged when asked, as channels are. */
export const sourceRulesOf = (ownDomains: ReadonlyArray<string>): SourceRules => {
  const isSet = (column: PlanColumn): PlanFilter => ({ kind: "is_set", field: { kind: "column", column } })
  const own: PlanFilter = {
    kind: "host_is",
    field: { kind: "column", column: "referrer_host" },
    hosts: bareHosts(ownDomains)
  }
  const hasExternalReferrer: PlanFilter = {
    kind: "and",
    filters: [isSet("referrer_host"), { kind: "not", filter: own }]
  }
  return {
    isSource: { kind: "or", filters: [...campaignColumns.map(isSet), hasExternalReferrer] },
    hasExternalReferrer
  }
}
