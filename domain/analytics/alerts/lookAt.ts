import { incidentEvidenceMax } from "../../../ports/analytics/Alert.ts"
import type { Alert, AlertFinding, AlertState, Incident } from "../../../ports/analytics/Alert.ts"
import type { Bucket } from "./alertBuckets.ts"

export interface Watched {
  readonly alert: Alert
  /** Of the alert's document. */
  readonly revision: number
  readonly state: AlertState
  /** The open one. */
  readonly incident: Incident | undefined
}

export interface Found {
  readonly bucket: Bucket
  readonly finding: AlertFinding
}

export interface Notice {
  readonly kind: "firing" | "resolved"
  readonly incident: Incident
}

export interface Looked {
  readonly state: AlertState
  /** Those that changed. */
  readonly incidents: ReadonlyArray<Incident>
  /** What recipients are told: at most one beginning and one end. */
  readonly notices: ReadonlyArray<Notice>
}

/** What a finding means to an alert; what says nothing changes nothing. */
export const decide = (
  status: AlertState["status"],
  outcome: AlertFinding["outcome"]
): "opened" | "continued" | "resolved" | "unchanged" => {
  if (outcome === "met") return status === "ok" ? "opened" : "continued"
  return outcome === "not_met" && status === "firing" ? "resolved" : "unchanged"
}

const opened = ({ alert, revision }: Watched, { bucket, finding }: Found, now: number): Incident => ({
  id: `${alert.id}.${revision}.${bucket.start}`,
  alert: alert.id,
  alert_name: alert.name,
  status: "open",
  opened_at: now,
  resolved_at: null,
  resolution: null,
  notified_at: null,
  buckets: 1,
  evidence: [finding]
})

/** The first buckets stay, the newest take each other's place. */
const continued = (incident: Incident, finding: AlertFinding): Incident => {
  const { evidence } = incident
  const half = incidentEvidenceMax / 2
  const kept =
    evidence.length < incidentEvidenceMax ? evidence : [...evidence.slice(0, half), ...evidence.slice(half + 1)]
  return { ...incident, buckets: incident.buckets + 1, evidence: [...kept, finding] }
}

export const closed = (incident: Incident, resolution: "recovered" | "changed" | "deleted", now: number): Incident => ({
  ...incident,
  status: "resolved",
  resolved_at: now,
  resolution
})

/**
 * An alert after it was looked at. However many buckets are looked at together, such as after the service was away, only
 * what stands at their end is told: an incident that came and went meanwhile is listed and not told.
 */
export const lookAt = (watched: Watched, found: ReadonlyArray<Found>, now: number, nextAt: number): Looked => {
  const { alert, state } = watched
  const isSnoozed = state.snoozed_until !== null && state.snoozed_until > now
  const isTold = alert.recipients.length > 0 && !isSnoozed
  const changed = new Map<string, Incident>()
  const notices: Array<Notice> = []
  let incident = watched.incident
  for (const each of found) {
    const change = decide(incident === undefined ? "ok" : "firing", each.finding.outcome)
    if (change === "opened") incident = opened(watched, each, now)
    if (change === "continued") incident = continued(incident!, each.finding)
    if (change === "resolved") {
      const over = closed(incident!, "recovered", now)
      changed.set(over.id, over)
      if (isTold && alert.notify_when_resolved === true && over.notified_at !== null) {
        notices.push({ kind: "resolved", incident: over })
      }
      incident = undefined
    }
    if (incident !== undefined) changed.set(incident.id, incident)
  }
  if (incident !== undefined && incident.notified_at === null && isTold) {
    incident = { ...incident, notified_at: now }
    changed.set(incident.id, incident)
    notices.push({ kind: "firing", incident })
  }
  return {
    state: {
      ...state,
      status: incident === undefined ? "ok" : "firing",
      incident: incident?.id ?? null,
      looked_at_until: found.at(-1)?.bucket.end ?? state.looked_at_until,
      next_at: isSnoozed ? Math.min(nextAt, state.snoozed_until) : nextAt,
      snoozed_until: isSnoozed ? state.snoozed_until : null,
      last: found.at(-1)?.finding ?? state.last,
      problem: null
    },
    incidents: [...changed.values()],
    notices
  }
}
