import type { PlanField, PlanFilter } from "./PlanFilter.ts"
import type { SessionAttribute } from "./SessionAttribute.ts"
import type { SessionLimits } from "./SessionLimits.ts"
import type { BucketRun } from "./TrendPlan.ts"

/** Which events tell where a session came from; the first that does counts. */
export interface SourceRules {
  /** With campaign, click id or external referrer. */
  readonly isSource: PlanFilter
  /** Its referrer is none of the workspace's own. */
  readonly hasExternalReferrer: PlanFilter
}

/** These tell that a page was there, not that somebody did something on it. */
export const passiveEventTypes = ["page_view", "page_exit", "scroll_depth", "engagement", "web_vital"] as const
/** One `page_exit` that claims more is not believed. */
export const engagedMillisMax = 86_400_000
export const scrollPercentMax = 100

/**
 * The sessions that begin in the range, each with all its events, those behind the range too. A session is what one
 * anonymous id did under one session id; events without a session id form sessions by {@link SessionLimits}. Neither
 * midnight nor the order of arrival nor a merge of people changes them.
 */
export interface SessionSelection {
  readonly workspace: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly limits: SessionLimits
  readonly sources: SourceRules
  readonly channel: PlanField
  /** On fields of the kind `session`. */
  readonly filter: PlanFilter | undefined
  /** Sessions that hold such an event. */
  readonly holding: PlanFilter | undefined
}

export interface SessionPlan extends SessionSelection {
  readonly kind: "session"
  readonly revisions: string
  /** Cohorts: those of the session's person. */
  readonly breakdown: SessionAttribute | Extract<PlanField, { readonly kind: "cohort" }> | undefined
  /** Groups to show instead of the largest: those of another answer, to compare with. */
  readonly groups?: ReadonlyArray<string | null>
  readonly top: number
  /** Empty: no series. A session counts in the bucket in which it begins. */
  readonly buckets: ReadonlyArray<BucketRun>
}

export interface SessionSums {
  readonly sessions: number
  /** People of the sessions' first events. */
  readonly people: number
  /** Sessions with one page view and no event that is interactive. */
  readonly bounces: number
  readonly pages: bigint
  /** From the first event to the last. */
  readonly durationMillis: bigint
  readonly medianMillis: number | null
  /** Of those that tell it, and how many these are. */
  readonly engagedMillis: bigint
  readonly engagedSessions: number
  readonly scrollPercent: bigint
  readonly scrolledSessions: number
}

export interface SessionSumsRow extends SessionSums {
  /** `undefined` for the whole range. */
  readonly bucket: number | undefined
  /** Index into `groups`, `other` for what is behind the top, `undefined` for all values together. */
  readonly group: number | "other" | undefined
}

/** What answers a {@link SessionPlan}; where nothing begins there is no row. */
export interface SessionRows {
  /** The breakdown's values, most sessions first; `null` where a session has none. */
  readonly groups: ReadonlyArray<string | null>
  readonly rows: ReadonlyArray<SessionSumsRow>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}

/** Single sessions, those that began last first. */
export interface SessionListPlan extends SessionSelection {
  readonly kind: "session_list"
  readonly revisions: string
  /** Goes on behind a session of the list. */
  readonly before: { readonly startMillis: number; readonly key: string } | undefined
  readonly limit: number
}

export interface HeldSession extends Readonly<Record<SessionAttribute, string | null>> {
  /** Orders sessions that begin at one instant; of a derived session it changes when an earlier event comes. */
  readonly key: string
  readonly anonymousId: string
  /** `undefined`: derived. */
  readonly sessionId: string | undefined
  readonly personId: string
  readonly startMillis: number
  readonly endMillis: number
  readonly events: number
  readonly pages: number
  readonly bounced: boolean
  readonly engagedMillis: number | null
  readonly scrollPercent: number | null
}

export interface SessionListRows {
  readonly sessions: ReadonlyArray<HeldSession>
}
