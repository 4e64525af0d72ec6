import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { ingestSettingsInitial } from "../../../ports/analytics/IngestSettings.ts"
import { storedLineIdOffset } from "../../../ports/analytics/StoredEvent.ts"
import { draftEvent, storedLine } from "./draftEvent.ts"

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('"', "\\", "\n", "\u2028", "é", "a b", "\u0000"))
const maybe = <A>(values: fc.Arbitrary<A>) => fc.option(values, { nil: undefined })

describe("storedLine", () => {
  it("is the stored event as JSON.stringify writes it, in the order of its schema, unset fields absent", () => {
    const event = fc.record(
      {
        event_id: fc.constant("0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34"),
        event_type: fc.oneof(text, fc.constantFrom("user_signed_up", "order_completed")),
        anonymous_id: text,
        user_id: text,
        session_id: text,
        timestamp: fc.constantFrom("2026-11-23T10:00:00.000Z", "2020-01-01T00:00:00+02:00"),
        sent_at: fc.constant("2026-11-23T09:00:00Z"),
        properties: fc.dictionary(text, fc.jsonValue({ noUnicodeString: false, maxDepth: 3 })),
        context: fc.record(
          {
            page: fc.record(
              { url: fc.webUrl({ withQueryParameters: true }), title: text, referrer: text },
              { requiredKeys: [] }
            ),
            device: fc.record({ os: text }, { requiredKeys: [] }),
            geo: fc.record({ city: text }, { requiredKeys: [] }),
            campaign: fc.record({ source: text }, { requiredKeys: [] }),
            ip: fc.ipV4()
          },
          { requiredKeys: [] }
        )
      },
      { requiredKeys: ["event_id", "event_type", "anonymous_id", "timestamp"] }
    )
    const traceparent = maybe(fc.constant("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    fc.assert(
      fc.property(event, traceparent, fc.boolean(), (each, trace, historical) => {
        const { draft } = draftEvent(
          each,
          { workspace: "w", keyKind: "secret", ...(trace === undefined ? {} : { traceparent: trace }) },
          {
            settings: ingestSettingsInitial,
            secrets: { workspace: "w", indexKey: new Uint8Array(32), pseudonymKey: new Uint8Array(32) },
            locate: () => undefined
          },
          { receivedAt: Date.UTC(2026, 10, 23) * 1000, index: 3, historical, sentAt: undefined }
        )
        const { stored } = draft
        const line = storedLine(draft)
        const whole = JSON.stringify({
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
          sent_at: draft.sentAt,
          historical: historical ? true : undefined,
          notes: draft.notes.length === 0 ? undefined : draft.notes,
          page: stored.page,
          device: stored.device,
          geo: stored.geo,
          ip: stored.ip,
          campaign: stored.campaign,
          money: stored.money,
          traits: stored.traits,
          traits_once: stored.traits_once,
          accounts: stored.accounts,
          properties: stored.properties,
          traceparent: trace
        })
        assert.strictEqual(line, whole)
        assert.strictEqual(line.slice(storedLineIdOffset, storedLineIdOffset + 36), each.event_id)
      }),
      { numRuns: 500 }
    )
  })
})
