import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import { eventErrors, isEvent } from "./validateEvent.ts"

const decode = Schema.decodeUnknownExit(AnalyticsEvent, { errors: "all", onExcessProperty: "error" })
const bySchema = (value: unknown): boolean => decode(value)._tag === "Success"

const complete = {
  event_id: "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34",
  event_type: "page_view",
  anonymous_id: "device-1",
  user_id: "anna",
  session_id: "session-1",
  timestamp: "2026-11-23T10:00:00.123+05:30",
  sent_at: "2026-11-23T10:00:00Z",
  properties: { plan: "pro", list: [1, { deep: null }] },
  context: {
    page: { url: "https://example.com/", path: "/", title: "Home", referrer: "" },
    device: { type: "mobile", os: "Android", browser: "Chrome" },
    geo: { country: "DE", region: "Berlin", city: "Berlin" },
    campaign: { source: "a", medium: "b", campaign: "c", term: "d", content: "e" },
    ip: "203.0.113.9",
    user_agent: "Mozilla/5.0"
  }
}

type Fields = Readonly<Record<string, unknown>>
const paths = (value: unknown, at: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...paths(inner, [...at, key])])
    : []

/** A copy with another value at the path, or without one. */
const changed = (whole: unknown, [key = "", ...deeper]: ReadonlyArray<string>, value: unknown): unknown => {
  const { [key]: inner, ...rest } = whole as Fields
  if (deeper.length > 0) return { ...rest, [key]: changed(inner, deeper, value) }
  return value === undefined ? rest : { ...rest, [key]: value }
}

const change = fc.tuple(
  fc.constantFrom(...paths(complete)),
  fc.constantFrom(undefined, null, "", "x", "2026-11-23", 7, true, [], {}, { more: 1 }, ["x"])
)

describe("eventErrors", () => {
  it("agrees with the schema on what an event is", () => {
    assert.isTrue(bySchema(complete))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const event = changes.reduce<unknown>((value, [path, to]) => {
          const reachable = path.slice(0, -1).reduce<unknown>((at, key) => (at as Fields | undefined)?.[key], value)
          const isRecord = typeof reachable === "object" && reachable !== null && !Array.isArray(reachable)
          return isRecord ? changed(value, path, to) : value
        }, complete)
        const errors = eventErrors(event, "", "server")
        assert.strictEqual(errors.length === 0, bySchema(event), JSON.stringify([event, errors]))
        for (const sessions of ["server", "client"] as const) {
          assert.strictEqual(isEvent(event, sessions), eventErrors(event, "", sessions).length === 0)
        }
      }),
      { numRuns: 2000 }
    )
  })

  it("points at every wrong field, and says how it must be", () => {
    const errors = eventErrors(
      {
        event_id: "1",
        event_type: "",
        anonymous_id: 5,
        timestamp: "2026-02-30T10:00:00Z",
        sent_at: "2026-11-23T10:00:00",
        properties: { "a/b": "x".repeat(9000) },
        context: { page: { url: 1, host: "x" }, screen: {} },
        more: 1
      },
      "/events/3",
      "client"
    )
    assert.sameDeepMembers(
      errors.map(({ code, pointer }) => [pointer, code]),
      [
        ["/events/3/more", "unknown_field"],
        ["/events/3/event_id", "not_a_uuid"],
        ["/events/3/event_type", "too_short"],
        ["/events/3/anonymous_id", "wrong_type"],
        ["/events/3/session_id", "missing"],
        ["/events/3/timestamp", "not_an_instant"],
        ["/events/3/sent_at", "not_an_instant"],
        ["/events/3/properties/a~1b", "too_long"],
        ["/events/3/context/page/url", "wrong_type"],
        ["/events/3/context/page/host", "unknown_field"],
        ["/events/3/context/screen", "unknown_field"]
      ]
    )
  })
})
