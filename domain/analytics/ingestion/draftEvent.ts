import type { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { DropReason } from "../../../ports/analytics/IngestReceipt.ts"
import { storedLineVersion } from "../../../ports/analytics/StoredEvent.ts"
import type { Draft, IngestContext, RequestFacts } from "./Draft.ts"
import { parseInstant } from "../../zones/instant.ts"
import { steps } from "./steps.ts"

export interface Arrival {
  /** µs UTC */
  readonly receivedAt: number
  readonly index: number
  readonly historical: boolean
  readonly sentAt: number | undefined
}

/** Runs a valid event through the steps: the draft, and why it is dropped where it is. */
export const draftEvent = (
  event: AnalyticsEvent,
  facts: RequestFacts,
  context: IngestContext,
  arrival: Arrival
): { readonly draft: Draft; readonly dropped: DropReason | undefined } => {
  const stored: Draft["stored"] = {
    v: storedLineVersion,
    event_id: event.event_id.toLowerCase(),
    workspace: facts.workspace,
    event_type: event.event_type,
    anonymous_id: event.anonymous_id,
    time: 0,
    received_at: arrival.receivedAt,
    index: arrival.index,
    timestamp: parseInstant(event.timestamp)!,
    properties: event.properties ?? {}
  }
  if (event.user_id !== undefined && event.user_id !== "") stored.user_id = event.user_id
  if (event.session_id !== undefined) stored.session_id = event.session_id
  const draft: Draft = {
    event,
    facts,
    context,
    historical: arrival.historical,
    sentAt: arrival.sentAt ?? (event.sent_at === undefined ? undefined : parseInstant(event.sent_at)),
    notes: [],
    replacedIds: {},
    stored
  }
  for (const step of steps) {
    const dropped = step.run(draft)
    if (dropped !== undefined) return { draft, dropped }
  }
  return { draft, dropped: undefined }
}

/**
 * The stored line: the keys in the order of `StoredEvent`, unset ones absent. Written piece by piece, because one
 * `JSON.stringify` of the whole costs half as much again; ids, workspaces and numbers need no escapes.
 */
export const storedLine = ({ facts, historical, notes, sentAt, stored }: Draft): string => {
  let line = `{"v":${stored.v},"event_id":"${stored.event_id}","workspace":"${stored.workspace}","event_type":${quoted(stored.event_type)},"anonymous_id":${quoted(stored.anonymous_id)}`
  if (stored.user_id !== undefined) line += `,"user_id":${quoted(stored.user_id)}`
  if (stored.session_id !== undefined) line += `,"session_id":${quoted(stored.session_id)}`
  line += `,"time":${stored.time},"received_at":${stored.received_at},"index":${stored.index},"timestamp":${stored.timestamp}`
  if (sentAt !== undefined) line += `,"sent_at":${sentAt}`
  if (historical) line += ',"historical":true'
  if (notes.length > 0) line += `,"notes":["${notes.join('","')}"]`
  if (stored.page !== undefined) line += `,"page":${JSON.stringify(stored.page)}`
  if (stored.device !== undefined) line += `,"device":${JSON.stringify(stored.device)}`
  if (stored.geo !== undefined) line += `,"geo":${JSON.stringify(stored.geo)}`
  if (stored.ip !== undefined) line += `,"ip":${quoted(stored.ip)}`
  if (stored.campaign !== undefined) line += `,"campaign":${JSON.stringify(stored.campaign)}`
  if (stored.money !== undefined) line += `,"money":${JSON.stringify(stored.money)}`
  if (stored.traits !== undefined) line += `,"traits":${JSON.stringify(stored.traits)}`
  if (stored.traits_once !== undefined) line += `,"traits_once":${JSON.stringify(stored.traits_once)}`
  if (stored.accounts !== undefined) line += `,"accounts":${JSON.stringify(stored.accounts)}`
  line += `,"properties":${JSON.stringify(stored.properties)}`
  return facts.traceparent === undefined ? `${line}}` : `${line},"traceparent":"${facts.traceparent}"}`
}

/** Texts of these characters alone stand in JSON as they are. */
const plainText = /^[\w :.,/|@+~-]*$/

const quoted = (text: string): string => (plainText.test(text) ? `"${text}"` : JSON.stringify(text))
