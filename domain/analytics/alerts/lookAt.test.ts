import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { incidentEvidenceMax } from "../../../ports/analytics/Alert.ts"
import type { Alert, AlertFinding, AlertState, Incident } from "../../../ports/analytics/Alert.ts"
import { lookAt } from "./lookAt.ts"
import type { Found, Notice } from "./lookAt.ts"

const hour = 3_600_000
const alert: Alert = {
  id: "a",
  created_at: 0,
  created_by: "k",
  changed_at: 0,
  changed_by: "k",
  name: "Orders fall",
  metric: { name: "orders" },
  interval: "hour",
  condition: { kind: "below", value: 5 },
  recipients: ["anna@example.org"],
  notify_when_resolved: true
}
const fresh: AlertState = {
  alert: "a",
  status: "ok",
  incident: null,
  looked_at_until: null,
  next_at: 0,
  snoozed_until: null,
  last: null,
  problem: null
}
const found = (outcome: AlertFinding["outcome"], index: number): Found => ({
  bucket: { start: index * hour, end: (index + 1) * hour, local: index * hour },
  finding: { from: String(index), to: String(index + 1), value: 1, outcome, text: outcome }
})

/** Looks at the outcomes by parts, one after the other. */
const run = (parts: ReadonlyArray<ReadonlyArray<AlertFinding["outcome"]>>, of: Alert = alert, start = fresh) => {
  let state = start
  let at = 0
  const incidents = new Map<string, Incident>()
  const notices: Array<Notice> = []
  for (const part of parts) {
    const buckets = part.map((outcome, index) => found(outcome, at + index))
    at += part.length
    const incident = state.incident === null ? undefined : incidents.get(state.incident)
    const looked = lookAt({ alert: of, revision: 1, state, incident }, buckets, at * hour, (at + 1) * hour)
    for (const each of looked.incidents) incidents.set(each.id, each)
    notices.push(...looked.notices)
    state = looked.state
  }
  return {
    state,
    incidents: [...incidents.values()],
    notices: notices.map(({ incident, kind }) => `${kind} ${incident.id}`)
  }
}

const outcomes = fc.array(
  fc.constantFrom<AlertFinding["outcome"]>("met", "not_met", "no_value", "too_little_history"),
  { maxLength: 60 }
)

describe("an alert", () => {
  it("tells of each incident once when it begins and once when it is over, looked at bucket by bucket", () => {
    fc.assert(
      fc.property(outcomes, (all) => {
        const { incidents, notices, state } = run(all.map((each) => [each]))
        assert.deepStrictEqual(
          notices,
          incidents.flatMap(({ id, status }) => [`firing ${id}`, ...(status === "resolved" ? [`resolved ${id}`] : [])])
        )
        assert.strictEqual(
          incidents.filter(({ status }) => status === "open").length,
          state.status === "firing" ? 1 : 0
        )
        // What says nothing neither begins nor ends an incident.
        const said = all.filter((each) => each === "met" || each === "not_met")
        const begins = said.filter((each, index) => each === "met" && said[index - 1] !== "met")
        assert.strictEqual(incidents.length, begins.length)
      })
    )
  })

  it("finds the same incidents however many buckets are looked at together, and tells only what stands at the end", () => {
    const parts = fc.array(outcomes, { maxLength: 6 })
    fc.assert(
      fc.property(parts, (asked) => {
        const together = run(asked)
        const apart = run(asked.flat().map((each) => [each]))
        const shape = ({ buckets, id, status }: Incident) => ({ buckets, id, status })
        assert.deepStrictEqual(together.incidents.map(shape), apart.incidents.map(shape))
        assert.isAtMost(together.notices.length, 2 * asked.length)
        assert.strictEqual(new Set(together.notices).size, together.notices.length)
        for (const notice of together.notices.filter((each) => each.startsWith("resolved"))) {
          assert.include(together.notices, notice.replace("resolved", "firing"))
        }
      })
    )
  })

  it("is silent while it is snoozed, and tells then of what still is open", () => {
    const snoozed = { ...fresh, snoozed_until: 4 * hour }
    const quiet = run([["met"], ["not_met"], ["met"]], alert, snoozed)
    assert.deepStrictEqual(quiet.notices, [])
    assert.lengthOf(quiet.incidents, 2)
    assert.strictEqual(quiet.state.next_at, 4 * hour)
    const { notices, state } = run([["met"], ["not_met"], ["met"], ["met"], []], alert, snoozed)
    assert.deepStrictEqual(notices, [`firing a.1.${2 * hour}`])
    assert.isNull(state.snoozed_until)
  })

  it("lists incidents alone where nobody is to be told", () => {
    const { incidents, notices } = run([["met"], ["not_met"]], { ...alert, recipients: [] })
    assert.deepStrictEqual(notices, [])
    assert.deepInclude(incidents[0], { notified_at: null, resolution: "recovered" })
    assert.lengthOf(run([["met"], ["not_met"]], { ...alert, notify_when_resolved: false }).notices, 1)
  })

  it("keeps the first buckets of a long incident and the newest", () => {
    const { incidents } = run(Array.from({ length: 100 }, () => ["met" as const]))
    assert.strictEqual(incidents[0]?.buckets, 100)
    const kept = incidents[0]!.evidence.map(({ from }) => Number(from))
    assert.lengthOf(kept, incidentEvidenceMax)
    assert.deepStrictEqual([kept[0], kept[11], kept[12], kept.at(-1)], [0, 11, 88, 99])
  })
})
