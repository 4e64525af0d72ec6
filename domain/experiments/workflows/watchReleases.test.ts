import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../../ports/email/OutgoingEmail.ts"
import { flags } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { PartStates } from "../../../ports/platform/PartStates.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createDefaultWorkspace } from "../../platform/workspaces.ts"
import { definitionsWorld } from "../testing/definitionsWorld.ts"
import { createFlag } from "./flags.ts"
import { replaceApprovalPolicy } from "./approvals.ts"
import { releaseReport, settleRelease } from "./releaseReport.ts"
import { createRelease } from "./releases.ts"
import { watchReleases } from "./watchReleases.ts"

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const start = Date.parse("2026-12-01T12:00:00Z")

const at = <A, E, R>(test: Effect.Effect<A, E, R | Layer.Success<ReturnType<typeof definitionsWorld>>>) =>
  Effect.andThen(TestClock.setTime(start), Effect.provide(test, definitionsWorld()))

const begin = Effect.gen(function* () {
  yield* createDefaultWorkspace
  yield* createFlag(actor, {
    key: "checkout",
    type: "boolean",
    environments: { production: { enabled: true, rules: [{ id: "all", serve: { variant: "on" } }] } }
  })
  const { id } = yield* createRelease(actor, {
    flag: "checkout",
    rule: "all",
    control: "off",
    steps: [
      { percent: 50, hold_seconds: 60, units: 50 },
      { percent: 90, hold_seconds: 60 }
    ],
    guardrails: [
      {
        id: "errors",
        measure: { kind: "rate", of: { event_types: ["checkout_failed"] } },
        direction: "decrease",
        margin: 0.1
      }
    ],
    recipients: ["anna@example.org"]
  })
  return id
})

let number = 0
const lineOf = (user_id: string, event_type: string, time: number, properties: StoredEvent["properties"]): string => {
  number += 1
  const event: StoredEvent = {
    v: 1,
    event_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    workspace,
    event_type,
    anonymous_id: "server",
    user_id,
    time,
    received_at: 1_800_000_000_000_000 + number,
    index: 0,
    timestamp: time,
    properties
  }
  return JSON.stringify(event)
}
/** So many people on each side, of whom so many fail. */
const come = Effect.fnUntraced(function* (
  release: string,
  each: number,
  failing: { control: number; treatment: number }
) {
  const store = yield* EventStore
  const lines = (["control", "treatment"] as const).flatMap((side) =>
    Array.from({ length: each }, (_, person) => {
      const user = `${side}-${person}`
      const exposed = { experiment_id: release, variant: side === "control" ? "off" : "on", phase: 1 }
      const failed = person < failing[side] ? [lineOf(user, "checkout_failed", start + 2000, {})] : []
      return [lineOf(user, "experiment_exposed", start + 1000, exposed), ...failed]
    }).flat()
  )
  yield* store.insert({ partition: "test", through: String(number), lines })
})

const stands = Effect.fnUntraced(function* (id: string) {
  const { item } = yield* readItem<GuardedRelease>(releases, workspace, id)
  const { item: flag } = yield* readItem<Flag>(flags, workspace, "checkout")
  const [rule] = flag.environments?.["production"]?.rules ?? []
  return { status: item.status, percent: item.steps_taken.at(-1)!.percent, serve: rule!.serve }
})
const health = Effect.map(PartStates, (parts) => parts.read().find(({ name }) => name === "guarded_releases"))
const failure = Effect.fail(
  new PortFailure({ port: "EventStore", operation: "test", reason: "unavailable", detail: "it is away" })
)
const unharmed = { control: 2, treatment: 2 }

describe("running releases", () => {
  it.effect("stay at their step while events cannot be counted, which readiness says, and go on afterwards", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 60, unharmed)
        yield* TestClock.adjust("61 seconds")
        const evidence = yield* ExperimentEvidence
        const away = ExperimentEvidence.of({ ...evidence, gather: () => failure })
        for (let round = 0; round < 3; round += 1) {
          yield* Effect.flip(Effect.provideService(watchReleases, ExperimentEvidence, away))
          yield* TestClock.adjust("1 hour")
        }
        const serving = { status: "running", serve: { experiment: id } } as const
        assert.deepStrictEqual(yield* stands(id), { ...serving, percent: 50 })
        assert.deepStrictEqual(yield* health, {
          name: "guarded_releases",
          status: "degraded",
          reason: "unavailable",
          since: start + 61_000
        })
        yield* watchReleases
        assert.deepStrictEqual(yield* stands(id), { ...serving, percent: 90 })
        assert.deepStrictEqual(yield* health, { name: "guarded_releases", status: "ok" })
      })
    )
  )

  it.effect("stay at their step while events lie in the log that are not counted yet", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 60, unharmed)
        yield* TestClock.adjust("61 seconds")
        const log = yield* EventLog
        yield* log.append([{ key: "somebody", line: lineOf("late", "checkout_failed", start + 3000, {}) }])
        const round = yield* Effect.forkChild(watchReleases)
        // The clock goes on while the round waits for what is to be counted, not as long as a question may take.
        for (let tick = 0; tick < 50; tick += 1) {
          yield* TestClock.adjust("500 millis")
          yield* Effect.promise(() => new Promise((after) => setTimeout(after, 20)))
        }
        yield* Fiber.join(round)
        assert.strictEqual((yield* stands(id)).percent, 50)
        assert.deepInclude(yield* health, { status: "degraded", reason: "behind" })
      })
    )
  )

  it.effect("give nobody more of a variant once the environment asks for approvals, and are still taken back", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 60, unharmed)
        yield* TestClock.adjust("61 seconds")
        yield* replaceApprovalPolicy(actor, "production", { approvals: 1 }, 0)
        yield* watchReleases
        assert.deepStrictEqual(yield* stands(id), { status: "running", percent: 50, serve: { experiment: id } })
        assert.deepStrictEqual(yield* health, { name: "guarded_releases", status: "ok" })
        assert.deepStrictEqual((yield* releaseReport(workspace, id)).waits_for, ["approvals"])
        const refused = yield* Effect.flip(settleRelease(actor, id, "completed", undefined))
        assert.deepInclude(refused, { _tag: "Refused", kind: "forbidden" })
        assert.deepStrictEqual(yield* stands(id), { status: "running", percent: 50, serve: { experiment: id } })
        yield* settleRelease(actor, id, "aborted", undefined)
        assert.deepStrictEqual(yield* stands(id), { status: "aborted", percent: 50, serve: { variant: "off" } })
      })
    )
  )

  it.effect("are rolled back also where the environment asks for approvals", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 300, { control: 10, treatment: 120 })
        yield* TestClock.adjust("5 seconds")
        yield* replaceApprovalPolicy(actor, "production", { approvals: 1 }, 0)
        yield* watchReleases
        assert.deepStrictEqual(yield* stands(id), { status: "rolled_back", percent: 50, serve: { variant: "off" } })
      })
    )
  )

  it.effect("are rolled back once, with one message, also where a rollback could not be stored at first", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 300, { control: 10, treatment: 120 })
        yield* TestClock.adjust("5 seconds")
        const documents = yield* DocumentStore
        const breaking = DocumentStore.of({ ...documents, commit: () => failure })
        yield* Effect.flip(Effect.provideService(watchReleases, DocumentStore, breaking))
        assert.deepStrictEqual(yield* stands(id), { status: "running", percent: 50, serve: { experiment: id } })
        yield* watchReleases
        yield* watchReleases
        assert.deepStrictEqual(yield* stands(id), { status: "rolled_back", percent: 50, serve: { variant: "off" } })
        const by = { workspace, collection: outgoingEmails.name, index: "by_time", equals: [], limit: 10 }
        const { items } = yield* documents.list(by)
        assert.lengthOf(items, 1)
      })
    )
  )
})
