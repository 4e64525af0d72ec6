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
  const draft: Draft = {
    event,
    facts,
    context,
    historical: arrival.historical,
    sentAt: arrival.sentAt ?? (event.sent_at === undefined ? undefined : parseInstant(event.sent_at)),
    notes: [],
    replacedIds: {},
    stored: {
      v: storedLineVersion,
      event_id: event.event_id.toLowerCase(),
      workspace: facts.workspace,
      event_type: event.event_type,
      anonymous_id: event.anonymous_id,
      ...(event.user_id === undefined || event.user_id === "" ? {} : { user_id: event.user_id }),
      ...(event.session_id === undefined ? {} : { session_id: event.session_id }),
      time: 0,
      received_at: arrival.receivedAt,
      index: arrival.index,
      timestamp: parseInstant(event.timestamp)!,
      properties: event.properties ?? {}
    }
  }
  for (const step of steps) {
    const dropped = step.run(draft)
    if (dropped !== undefined) return { draft, dropped }
  }
  return { draft, dropped: undefined }
}

/** The stored line: the keys in the order of `StoredEvent`, unset ones absent. */
export const storedLine = ({ facts, historical, notes, sentAt, stored }: Draft): string =>
  JSON.stringify({
    v: stored.v,
    event_id: stored.event_id,
    workspace: stored.workspace,
    event_type: stored.event_type,
    anonymous_id: stored.anonymous_id,
    user_id: stored.user_id,
    session_id: stored.session_id,
    time: stored.time,
    received_at: stored.received_at,
    index: stored.index,
    timestamp: stored.timestamp,
    sent_at: sentAt,
    historical: historical ? true : undefined,
    notes: notes.length === 0 ? undefined : notes,
    page: stored.page,
    device: stored.device,
    geo: stored.geo,
    ip: stored.ip,
    campaign: stored.campaign,
    money: stored.money,
    traits: stored.traits,
    traits_once: stored.traits_once,
    properties: stored.properties,
    traceparent: facts.traceparent
  })
