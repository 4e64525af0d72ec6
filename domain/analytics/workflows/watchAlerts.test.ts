import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DiskEventLog from "../../../adapters/disk/EventLog.ts"
import { alerts, alertStates, incidents } from "../../../ports/analytics/Alert.ts"
import type { Incident, NewAlert } from "../../../ports/analytics/Alert.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../../ports/email/OutgoingEmail.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { listEmails } from "../../platform/sendEmails.ts"
import { createDefaultWorkspace, collection as workspaces } from "../../platform/workspaces.ts"
import { questionWorld } from "../testing/questionWorld.ts"
import {
  createAlert,
  listIncidents,
  readAlertState,
  removeAlert,
  replaceAlert,
  snoozeAlert,
  testAlert
} from "./alerts.ts"
import { watchAlerts } from "./watchAlerts.ts"

/** The clock is set before the world is made: what runs in it from time to time would else run since 1970. */
const at = <A, E, R>(millis: number, test: Effect.Effect<A, E, R | Layer.Success<ReturnType<typeof world>>>) =>
  Effect.andThen(TestClock.setTime(millis), Effect.provide(test, world()))

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const start = Date.parse("2026-11-26T12:04:00Z")
const hour = 3_600_000

const world = () =>
  Layer.mergeAll(
    questionWorld({ ...settingsInitial, time_zone: "Europe/Berlin" }, [
      alerts.collection,
      alertStates,
      incidents,
      outgoingEmails,
      workspaces
    ]),
    DiskEventLog.layer({ folder: mkdtempSync(join(tmpdir(), "alerts-")) }),
    NodeCrypto.layer
  )

const definition: NewAlert = {
  name: "Many pages",
  metric: { name: "events", event_types: ["page_view"] },
  interval: "hour",
  condition: { kind: "above", value: 2 },
  recipients: ["anna@example.org", "bob@example.org"],
  notify_when_resolved: true
}

let number = 0
/** Events in the hour that begins at the instant. */
const happen = Effect.fnUntraced(function* (at: number, count: number) {
  const store = yield* EventStore
  const lines = Array.from({ length: count }, (_, index) => {
    number += 1
    const event: StoredEvent = {
      v: 1,
      event_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
      workspace,
      event_type: "page_view",
      anonymous_id: `device ${index}`,
      time: at + index * 1000,
      received_at: 1_800_000_000_000_000 + number,
      index: 0,
      timestamp: at,
      properties: {}
    }
    return JSON.stringify(event)
  })
  yield* store.insert({ partition: "test", through: String(number), lines })
})

const told = Effect.map(listEmails(workspace, 100, undefined), ({ items }) =>
  items.map(({ subject, to }) => `${to.split("@")[0]}: ${subject.split(":")[0]}`).toSorted()
)
const listed = Effect.map(listIncidents(workspace, { limit: 100 }), ({ items }) => items.toReversed())
const shape = ({ buckets, resolution, status }: Incident) => ({ buckets, resolution, status })

describe("alerts", () => {
  it.effect("are looked at when an hour is over and late events had their time, and tell once of each incident", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        // Of the hour before the alert was made nothing is said, and 12:04 is too early for that from 11:00.
        yield* happen(start - 2 * hour, 1)
        const { id } = yield* createAlert(actor, definition)
        yield* watchAlerts
        const first = yield* readAlertState(workspace, id)
        assert.deepInclude(first, { status: "ok", next_at: Date.parse("2026-11-26T12:05:00Z"), problem: null })
        assert.deepInclude(first.last, { from: "2026-11-26T11:00:00+01:00", value: 1, outcome: "not_met" })
        yield* happen(Date.parse("2026-11-26T11:00:00Z"), 3)
        yield* TestClock.adjust("1 minute")
        yield* watchAlerts
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, ["anna: Alert", "bob: Alert"])
        // It goes on for an hour more, then it is over.
        yield* happen(Date.parse("2026-11-26T12:00:00Z"), 4)
        yield* TestClock.adjust("1 hour")
        yield* watchAlerts
        assert.lengthOf(yield* told, 2)
        yield* TestClock.adjust("1 hour")
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, ["anna: Alert", "anna: Resolved", "bob: Alert", "bob: Resolved"])
        assert.deepStrictEqual((yield* listed).map(shape), [
          { buckets: 2, resolution: "recovered", status: "resolved" }
        ])
        assert.deepStrictEqual(
          (yield* listed)[0]!.evidence.map(({ value }) => value),
          [3, 4]
        )
      })
    )
  )

  it.effect("look at what they missed without a flood of messages", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        const { id } = yield* createAlert(actor, definition)
        yield* watchAlerts
        for (const [at, count] of [3, 0, 5, 0, 6, 6].entries()) yield* happen(start + (at + 1) * hour, count)
        yield* TestClock.adjust("422 minutes")
        yield* watchAlerts
        assert.deepStrictEqual(
          (yield* listed).map(shape).toSorted((a, b) => (a.status < b.status ? 1 : -1)),
          [
            { buckets: 1, resolution: "recovered", status: "resolved" },
            { buckets: 1, resolution: "recovered", status: "resolved" },
            { buckets: 2, resolution: null, status: "open" }
          ]
        )
        assert.deepStrictEqual(yield* told, ["anna: Alert", "bob: Alert"])
        const { findings, incidents: count, message, would_notify } = yield* testAlert(workspace, id)
        assert.deepInclude({ count, would_notify }, { count: 3, would_notify: true })
        assert.strictEqual(findings.at(-1)?.value, 6)
        assert.match(message!.subject, /^Alert: Many pages: 6 on Thu/)
      })
    )
  )

  it.effect("are silent while snoozed, are not looked at while paused, and begin anew when they are changed", () =>
    at(
      start + 60_000,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        yield* happen(Date.parse("2026-11-26T11:00:00Z"), 3)
        const { id } = yield* createAlert(actor, definition)
        yield* snoozeAlert(actor, id, { until: start + 20 * 60_000 })
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, [])
        assert.strictEqual((yield* readAlertState(workspace, id)).status, "firing")
        yield* TestClock.adjust("19 minutes")
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, ["anna: Alert", "bob: Alert"])
        yield* replaceAlert(actor, id, { ...definition, paused: true }, 1)
        assert.deepStrictEqual((yield* listed).map(shape), [{ buckets: 1, resolution: "changed", status: "resolved" }])
        yield* watchAlerts
        assert.deepInclude(yield* readAlertState(workspace, id), { next_at: null, last: null })
        yield* replaceAlert(actor, id, definition, 2)
        yield* watchAlerts
        assert.lengthOf(yield* told, 4)
        yield* removeAlert(actor, id, 3)
        assert.deepStrictEqual(
          (yield* listed).map(({ resolution }) => resolution),
          ["changed", "deleted"]
        )
        yield* watchAlerts
        const late = yield* Effect.flip(snoozeAlert(actor, id, { until: null }))
        assert.deepInclude(late, { _tag: "Refused", kind: "not-found" })
      })
    )
  )

  it.effect("resume after a look that could not be stored, with one message of the incident", () =>
    at(
      start + 60_000,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        yield* happen(Date.parse("2026-11-26T11:00:00Z"), 3)
        yield* createAlert(actor, definition)
        const documents = yield* DocumentStore
        const store = yield* EventStore
        const failure = (port: string) =>
          Effect.fail(new PortFailure({ port, operation: "test", reason: "unavailable", detail: "it is away" }))
        const breaking = DocumentStore.of({ ...documents, commit: () => failure("DocumentStore") })
        yield* Effect.flip(Effect.provideService(watchAlerts, DocumentStore, breaking))
        assert.deepStrictEqual(yield* told, [])
        const away = EventStore.of({ ...store, answer: () => failure("EventStore") })
        yield* Effect.provideService(watchAlerts, EventStore, away)
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, [])
        yield* TestClock.adjust("5 minutes")
        yield* watchAlerts
        yield* watchAlerts
        assert.deepStrictEqual(yield* told, ["anna: Alert", "bob: Alert"])
        assert.lengthOf(yield* listed, 1)
      })
    )
  )

  it.effect("refuse a metric that cannot be asked for, with its place", () =>
    at(
      start,
      Effect.gen(function* () {
        const wrong = { name: "poeple", filters: { dimension: "contry", operator: "is", value: "DE" } }
        const refused = yield* Effect.flip(createAlert(actor, { ...definition, metric: wrong }))
        assert.strictEqual(refused._tag, "InvalidQuestion")
        assert.deepStrictEqual(
          refused._tag === "InvalidQuestion" ? refused.errors.map(({ code, pointer }) => [pointer, code]) : [],
          [
            ["/metric/name", "unknown_metric"],
            ["/metric/filters/dimension", "unknown_dimension"]
          ]
        )
      })
    )
  )
})
