import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../../ports/email/OutgoingEmail.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { PartStates } from "../../../ports/platform/PartStates.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { readItem } from "../../platform/resources.ts"
import { actor, at, begin, beginOf, come, lineOf, start, store, workspace } from "../testing/releaseWorld.ts"
import { replaceApprovalPolicy } from "./approvals.ts"
import { pastSnapshot } from "./pastDefinitions.ts"
import { releaseReport, settleRelease } from "./releaseReport.ts"
import { stalenessOfFlag } from "./staleFlags.ts"
import { watchReleases } from "./watchReleases.ts"

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

  it.effect("count what people of an earlier step do later, for the side that they came to", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, 300, unharmed)
        yield* TestClock.adjust("61 seconds")
        yield* watchReleases
        assert.deepInclude(yield* stands(id), { status: "running", percent: 90 })
        yield* TestClock.adjust("5 seconds")
        const later = Array.from({ length: 120 }, (_, person) =>
          lineOf(`treatment-${person + 10}`, "checkout_failed", start + 63_000, {})
        )
        yield* store(later)
        const { steps, verdicts } = yield* releaseReport(workspace, id)
        assert.deepInclude(steps[0]!.evidence[0]!.treatment, { count: 300, converted: 122 })
        assert.deepInclude(verdicts[0], { state: "harmed" })
        yield* watchReleases
        assert.deepInclude(yield* stands(id), { status: "rolled_back" })
        const { item } = yield* readItem<GuardedRelease>(releases, workspace, id)
        assert.deepInclude(item.steps_taken[0]!.evidence[0]!.treatment, { count: 300, converted: 122 })
      })
    )
  )

  it.effect("stay at their step while people do not come to both sides as planned", () =>
    at(
      Effect.gen(function* () {
        const id = yield* begin
        yield* come(id, { control: 300, treatment: 150 }, unharmed)
        yield* TestClock.adjust("61 seconds")
        yield* watchReleases
        assert.deepInclude(yield* stands(id), { status: "running", percent: 50 })
        const { steps, waits_for } = yield* releaseReport(workspace, id)
        assert.deepStrictEqual(waits_for, ["split"])
        assert.deepInclude(steps[0]!.split, { units: 450, mismatch: true })
        const { item } = yield* settleRelease(actor, id, "completed", "It is the page that loses them")
        assert.deepInclude(item.steps_taken[0]!.split, { units: 450, mismatch: true })
      })
    )
  )

  it.effect("are looked at also while what another one rests on is not counted in time", () =>
    at(
      Effect.gen(function* () {
        const slow = yield* begin
        const harmed = yield* beginOf("basket")
        yield* come(harmed, 300, { control: 10, treatment: 120 })
        yield* TestClock.adjust("5 seconds")
        const evidence = yield* ExperimentEvidence
        const gather: typeof evidence.gather = (of, question) =>
          question.experiment === slow ? Effect.never : evidence.gather(of, question)
        const hanging = ExperimentEvidence.of({ ...evidence, gather })
        const round = yield* Effect.forkChild(
          Effect.flip(Effect.provideService(watchReleases, ExperimentEvidence, hanging))
        )
        // Both are new, so that the slow one may come first or last.
        yield* Effect.promise(() => new Promise((after) => setTimeout(after, 500)))
        yield* TestClock.adjust("20 seconds")
        yield* Fiber.join(round)
        const { item } = yield* readItem<GuardedRelease>(releases, workspace, harmed)
        assert.strictEqual(item.status, "rolled_back")
        assert.deepInclude(yield* stands(slow), { status: "running" })
        assert.deepInclude(yield* health, { status: "degraded", reason: "timeout" })
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

  it.effect(
    "are in what their flag was evaluated with at the time, and keep it from being the same for everybody",
    () =>
      at(
        Effect.gen(function* () {
          yield* begin
          yield* TestClock.adjust("5 seconds")
          const named = [{ kind: flags.name, id: "checkout" }]
          const { snapshot: past } = yield* pastSnapshot(workspace, production, start + 1000, named)
          const people = Array.from({ length: 40 }, (_, person) => ({ attributes: { user_id: `u${person}` } }))
          const given = people.map((person) => past.evaluate("checkout", person)?.variant)
          assert.sameMembers([...new Set(given)], ["on", "off"])
          const { environments } = yield* stalenessOfFlag(workspace, "checkout")
          assert.deepStrictEqual(environments, [{ environment: production }])
        })
      )
  )
})
