import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { dashboards } from "../../../ports/analytics/Dashboard.ts"
import { digests, digestStates } from "../../../ports/analytics/Digest.ts"
import type { NewDigest } from "../../../ports/analytics/Digest.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../../ports/email/OutgoingEmail.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { listEmails, readEmail } from "../../platform/sendEmails.ts"
import { createDefaultWorkspace, collection as workspaces } from "../../platform/workspaces.ts"
import { questionWorld } from "../testing/questionWorld.ts"
import { createDashboard } from "./dashboards.ts"
import { createDigest, readDigestState, removeDashboard, replaceDigest } from "./digests.ts"
import { createInsight } from "./insights.ts"
import { sendDigests } from "./sendDigests.ts"

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
/** A Sunday; clocks in Berlin had gone back a week before. */
const start = Date.parse("2026-11-01T20:00:00Z")

const world = () =>
  Layer.mergeAll(
    questionWorld({ ...settingsInitial, time_zone: "Europe/Berlin", currency: "EUR" }, [
      digests.collection,
      digestStates,
      dashboards.collection,
      outgoingEmails,
      workspaces
    ]),
    NodeCrypto.layer
  )
/** The clock is set before the world is made: what runs in it from time to time would else run since 1970. */
const at = <A, E, R>(millis: number, test: Effect.Effect<A, E, R | Layer.Success<ReturnType<typeof world>>>) =>
  Effect.andThen(TestClock.setTime(millis), Effect.provide(test, world()))

const weekly: NewDigest = {
  name: "Monday's numbers",
  schedule: { every: "week", weekday: 1, hour: 8 },
  contents: { kind: "numbers" },
  recipients: ["anna@example.org", "bob@example.org"]
}
const mails = Effect.map(listEmails(workspace, 100, undefined), ({ items }) => items)

/** Views of a page by as many people each day. */
const happen = Effect.fnUntraced(function* (days: ReadonlyArray<readonly [day: string, people: number]>) {
  const store = yield* EventStore
  let number = 0
  const lines = days.flatMap(([day, people]) =>
    Array.from({ length: people }, (_, index) => {
      number += 1
      const event: StoredEvent = {
        v: 1,
        event_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
        workspace,
        event_type: "page_view",
        anonymous_id: `device ${index}`,
        time: Date.parse(`${day}T12:00:00Z`),
        received_at: 1_800_000_000_000_000 + number,
        index: 0,
        timestamp: 0,
        page: { url: "", path: "/<prices>" },
        geo: { country: "DE" },
        properties: {}
      }
      return JSON.stringify(event)
    })
  )
  yield* store.insert({ partition: "test", through: "1", lines })
})

describe("digests", () => {
  it.effect("come at their hour of the zone, each once, with the week's numbers against those of the week before", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        yield* happen([
          ["2026-10-21", 2],
          ["2026-10-26", 3],
          ["2026-11-01", 3],
          ["2026-11-02", 50]
        ])
        const { id } = yield* createDigest(actor, weekly)
        yield* sendDigests
        assert.lengthOf(yield* mails, 0)
        // 08:00 in Berlin is 07:00 in UTC since clocks went back.
        yield* TestClock.setTime(Date.parse("2026-11-02T06:59:00Z"))
        yield* sendDigests
        assert.lengthOf(yield* mails, 0)
        yield* TestClock.adjust("1 minute")
        yield* sendDigests
        yield* sendDigests
        const sent = yield* mails
        assert.deepStrictEqual(sent.map(({ to }) => to).toSorted(), weekly.recipients)
        const { html, subject, text } = (yield* readEmail(workspace, sent[0]!.id)).email
        assert.strictEqual(subject, "Monday's numbers: 2026-10-26 to 2026-11-01")
        assert.match(text, /^People +3 +2 +\+50 %$/m)
        assert.match(text, /^Events +6 +2 +\+200 %$/m)
        assert.notMatch(text, /Orders|Revenue/)
        assert.match(text, /^\/<prices> +3 +2 +\+50 %$/m)
        assert.include(html!, "/&lt;prices&gt;")
        const next = Date.parse("2026-11-09T07:00:00Z")
        assert.deepInclude(yield* readDigestState(workspace, id), { next_at: next, problem: null })
      })
    )
  )

  it.effect("of several weeks that were missed come once, and not at all where it is too late", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        const { id } = yield* createDigest(actor, { ...weekly, recipients: ["anna@example.org"] })
        yield* TestClock.setTime(Date.parse("2026-11-17T12:00:00Z"))
        yield* sendDigests
        assert.deepStrictEqual(
          (yield* mails).map(({ subject }) => subject),
          ["Monday's numbers: 2026-11-09 to 2026-11-15"]
        )
        yield* TestClock.setTime(Date.parse("2026-11-27T12:00:00Z"))
        yield* sendDigests
        assert.lengthOf(yield* mails, 1)
        assert.deepInclude(yield* readDigestState(workspace, id), { next_at: Date.parse("2026-11-30T07:00:00Z") })
        yield* replaceDigest(actor, id, { ...weekly, paused: true }, 1)
        yield* TestClock.setTime(Date.parse("2026-12-01T12:00:00Z"))
        yield* sendDigests
        assert.lengthOf(yield* mails, 1)
      })
    )
  )

  it.effect("resume after a failure of the questions or of the queue, with one message each", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        const { id } = yield* createDigest(actor, weekly)
        yield* TestClock.setTime(Date.parse("2026-11-02T07:00:00Z"))
        const documents = yield* DocumentStore
        const store = yield* EventStore
        const failure = (port: string) =>
          Effect.fail(new PortFailure({ port, operation: "test", reason: "unavailable", detail: "it is away" }))
        const breaking = DocumentStore.of({ ...documents, commit: () => failure("DocumentStore") })
        yield* Effect.flip(Effect.provideService(sendDigests, DocumentStore, breaking))
        const away = EventStore.of({ ...store, answer: () => failure("EventStore") })
        yield* Effect.provideService(sendDigests, EventStore, away)
        assert.match((yield* readDigestState(workspace, id)).problem ?? "", /unavailable/)
        assert.lengthOf(yield* mails, 0)
        yield* TestClock.adjust("5 minutes")
        yield* sendDigests
        yield* sendDigests
        assert.lengthOf(yield* mails, 2)
        assert.isNull((yield* readDigestState(workspace, id)).problem)
      })
    )
  )

  it.effect("send a dashboard of questions of any kind, people left out, which stays as long as they do", () =>
    at(
      start,
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        yield* happen([["2026-10-26", 3]])
        const last = { last: 2, unit: "week" } as const
        const step = { event_types: ["page_view"] }
        const questions = {
          "By country": {
            kind: "trend",
            date_range: last,
            interval: "day",
            metrics: ["people"],
            dimensions: ["country"]
          },
          "A funnel": { kind: "funnel", date_range: last, steps: [step, { event_types: ["order_completed"] }] },
          "Who returns": { kind: "retention", date_range: last, interval: "week", periods: 2 },
          "Who it was": { kind: "trend", date_range: last, metrics: ["events"], dimensions: ["anonymous_id"] },
          "Who bought": {
            kind: "trend",
            date_range: last,
            metrics: ["events"],
            filters: { not: { and: [{ dimension: "user_id", operator: "is", value: "ada" }] } }
          },
          Paths: { kind: "paths", date_range: last }
        } as const
        const tiles = []
        for (const [name, question] of Object.entries(questions)) {
          tiles.push({ insight: (yield* createInsight(actor, { name, question })).id })
        }
        const { id: dashboard } = yield* createDashboard(actor, { name: "All", tiles })
        const contents = { kind: "dashboard", dashboard } as const
        yield* createDigest(actor, { ...weekly, contents })
        yield* TestClock.setTime(Date.parse("2026-11-02T07:00:00Z"))
        yield* sendDigests
        const { text } = (yield* readEmail(workspace, (yield* mails)[0]!.id)).email
        for (const name of Object.keys(questions)) assert.include(text, `${name}\n---`)
        assert.match(text, /^DE +3$/m)
        assert.lengthOf(text.match(/single people, who are not sent by mail/g) ?? [], 2)
        assert.notInclude(text, "device 0")
        const refused = yield* Effect.flip(removeDashboard(actor, dashboard, 1))
        assert.deepInclude(refused, { _tag: "Refused", kind: "conflict" })
        const unknown = yield* Effect.flip(
          createDigest(actor, { ...weekly, name: "Other", contents: { kind: "dashboard", dashboard: "none" } })
        )
        assert.deepInclude(unknown, { _tag: "Refused", kind: "unprocessable" })
      })
    )
  )
})
