import { sessionAttributes } from "../../ports/analytics/SessionAttribute.ts"
import type { SessionAttribute } from "../../ports/analytics/SessionAttribute.ts"
import type {
  HeldSession,
  SessionListPlan,
  SessionListRows,
  SessionPlan,
  SessionRows,
  SessionSelection,
  SessionSumsRow
} from "../../ports/analytics/SessionPlan.ts"
import { unset } from "./conditionText.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import { sessionGroupsText, sessionListText, sessionPageText, sessionSumsText } from "./sessionSumsText.ts"
import {
  attributesOf,
  sessionlessBeforeText,
  sessionlessText,
  sessionRowsText,
  sessionSpansText,
  sessionTimesText
} from "./sessionText.ts"
import type { DerivedRequest } from "./sessionText.ts"

/** Makes `session_times` for the events without a session id in the range; whether there are any. */
export const deriveSessions = async (read: Read, request: DerivedRequest): Promise<boolean> => {
  await read(sessionlessText(request))
  const [found] = await read(
    `select count(*) > 0 as found, count(*) filter (t < ${request.fromMillis}) > 0 as before from sessionless`
  )
  if (found?.["found"] !== true) return false
  if (found["before"] === true) await read(sessionlessBeforeText(request))
  await read(sessionTimesText(request))
  return true
}

/** Makes `session_spans`: what begins in the range may go on behind it for as long as a session may last. */
const spanSessions = async (read: Read, selection: SessionSelection): Promise<boolean> => {
  const toMillis = selection.toMillis + selection.limits.maximumMillis
  const derived = await deriveSessions(read, { ...selection, toMillis })
  await read(sessionSpansText(selection, derived))
  return derived
}

const gatherSessions = async (
  read: Read,
  selection: SessionSelection,
  request: { readonly attributes: ReadonlyArray<SessionAttribute>; readonly named: boolean; readonly derived: boolean }
): Promise<void> => {
  const [span] = await read(
    "select coalesce(min(start_ms), 0) as first, coalesce(max(end_ms), -1) as last from session_spans"
  )
  const [firstMillis, lastMillis] = [Number(span?.["first"]), Number(span?.["last"])]
  await read(sessionRowsText({ selection, ...request, firstMillis, lastMillis }))
}

/** Makes `session_rows` of all that the plan asks about. */
export const gatherSessionRows = async (read: Read, plan: SessionPlan): Promise<void> => {
  const derived = await spanSessions(read, plan)
  const named = [...attributesOf(plan.filter), ...(typeof plan.breakdown === "string" ? [plan.breakdown] : [])]
  await gatherSessions(read, plan, { attributes: [...new Set(named)], named: false, derived })
}

export const answerSessions = async (read: Read, plan: SessionPlan): Promise<SessionRows> => {
  await gatherSessionRows(read, plan)
  const given = plan.groups?.map((value) => value ?? unset)
  const top = plan.breakdown === undefined || given !== undefined ? [] : await read(sessionGroupsText(plan))
  const groups = given ?? top.map((row) => String(row["value"]))
  const rows = await read(sessionSumsText(plan, groups))
  return {
    groups: groups.map((value) => (value === unset ? null : value)),
    rows: rows.map(sumsOf),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const sumsOf = (row: Row): SessionSumsRow => {
  const number = (name: string) => Number(row[name])
  return {
    bucket: row["bucket"] === null ? undefined : number("bucket"),
    group: row["grp"] === null ? undefined : number("grp") === -1 ? "other" : number("grp"),
    sessions: number("sessions"),
    people: number("people"),
    bounces: number("bounces"),
    pages: BigInt(row["pages"] as bigint),
    durationMillis: BigInt(row["duration"] as bigint),
    medianMillis: number("median"),
    engagedMillis: BigInt(row["engaged"] as bigint),
    engagedSessions: number("engaged_sessions"),
    scrollPercent: BigInt(row["scroll"] as bigint),
    scrolledSessions: number("scrolled_sessions")
  }
}

export const answerSessionList = async (read: Read, plan: SessionListPlan): Promise<SessionListRows> => {
  const derived = await spanSessions(read, plan)
  if (plan.filter === undefined && plan.holding === undefined) await read(sessionPageText(plan))
  await gatherSessions(read, plan, { attributes: sessionAttributes, named: true, derived })
  return { sessions: (await read(sessionListText(plan))).map(heldSession) }
}

const heldSession = (row: Row): HeldSession => {
  const text = (name: string) => (row[name] ?? null) as string | null
  const numberOrNull = (name: string) => (row[name] === null ? null : Number(row[name]))
  const attributes = Object.fromEntries(sessionAttributes.map((name) => [name, text(name)])) as Record<
    SessionAttribute,
    string | null
  >
  return {
    ...attributes,
    key: BigInt(row["session"] as bigint)
      .toString(16)
      .padStart(16, "0"),
    anonymousId: String(row["anonymous_id"]),
    sessionId: text("session_id") ?? undefined,
    personId: String(row["person_id"]),
    startMillis: Number(row["start_ms"]),
    endMillis: Number(row["end_ms"]),
    events: Number(row["events"]),
    pages: Number(row["pages"]),
    bounced: row["bounced"] === true,
    engagedMillis: numberOrNull("engaged_ms"),
    scrollPercent: numberOrNull("scroll_percent")
  }
}
