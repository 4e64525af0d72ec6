import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { NodeCrypto } from "@effect/platform-node"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteDocumentStore from "../../../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { privacyRequests, runningPrivacyRequests } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest } from "../../../ports/privacy/PrivacyRequest.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { everywhere } from "../../platform/installation.ts"
import { findRequest, putRequest } from "./requestStore.ts"
import { runningWrite, runSteps } from "./runRequest.ts"

const workspace = WorkspaceId.make("shop")
const actor = { workspace, keyId: "operator", from: undefined, requestId: "1" }

const names = ["first", "second", "third", "fourth"] as const
/** The fourth needs the second; the others need nothing. */
const needs = { first: [], second: [], third: [], fourth: ["second"] }

const verified = (id: string): KeptRequest => ({
  id,
  kind: "export",
  person: "ada",
  law: "gdpr",
  reference: null,
  status: "in_progress",
  received_at: 1,
  due_at: 2,
  extended: false,
  verification: { method: "operator", by: "operator", at: 1, evidence: "card" },
  trait_names: [],
  steps: names.map((name) => ({ name, status: "waiting", attempts: 0, at: null, error: null })),
  inventory: null,
  receipt: null,
  completed_at: null,
  available_until: null,
  history: []
})

/** Steps that write down that they ran, one of which fails as often as it is told to. */
const stepsFailing = (failing: string, times: number) => {
  const ran: Array<string> = []
  let left = times
  const steps = names.map((name) => ({
    name,
    needs: needs[name],
    run: () =>
      Effect.suspend(() => {
        ran.push(name)
        if (name !== failing || left === 0) return Effect.succeed({})
        left -= 1
        return Effect.fail(
          new PortFailure({ port: "EventStore", operation: "erase", reason: "unavailable", detail: "of ada" })
        )
      })
  }))
  return { ran, steps }
}

const begin = Effect.fnUntraced(function* (id: string) {
  const documents = yield* DocumentStore
  yield* documents.commit(everywhere, { writes: [runningWrite(actor, id, 1)] })
  yield* documents.commit(workspace, { writes: [putRequest(verified(id), 0, ["ada"])] })
})
const requestAt = (id: string) => Effect.map(findRequest(workspace, id), ({ request }) => request)
const isRunning = (id: string) =>
  Effect.flatMap(DocumentStore, (documents) =>
    Effect.map(
      documents.get(everywhere, runningPrivacyRequests.name, `${workspace}.${id}`),
      (found) => found !== undefined
    )
  )

const world = Layer.merge(
  Layer.provide(
    SqliteDocumentStore.layer({ file: join(mkdtempSync(join(tmpdir(), "privacy-")), "documents.sqlite") }),
    Layer.succeed(Collections, [privacyRequests, runningPrivacyRequests])
  ),
  NodeCrypto.layer
)

describe("the steps of a privacy request", () => {
  it.effect("are done one after the other, once, and then it is completed and no more taken up", () =>
    Effect.gen(function* () {
      yield* begin("whole")
      const { ran, steps } = stepsFailing("none", 0)
      yield* runSteps(actor, "whole", steps)
      yield* runSteps(actor, "whole", steps)
      assert.deepStrictEqual(ran, [...names])
      const request = yield* requestAt("whole")
      assert.strictEqual(request.status, "completed")
      assert.deepStrictEqual(
        request.history.map(({ event }) => event),
        ["completed"]
      )
      assert.isFalse(yield* isRunning("whole"))
    }).pipe(Effect.provide(world))
  )

  for (const failing of names) {
    it.effect(`go on where ${failing} fails, but for those that need it, and it alone is tried again`, () =>
      Effect.gen(function* () {
        yield* begin(failing)
        const { ran, steps } = stepsFailing(failing, 2)
        yield* TestClock.adjust("1 minute")
        yield* runSteps(actor, failing, steps)
        const held = failing === "second" ? ["fourth"] : []
        assert.deepStrictEqual(
          ran,
          names.filter((name) => !held.includes(name))
        )
        const broken = yield* requestAt(failing)
        assert.strictEqual(broken.status, "in_progress")
        const step = broken.steps.find(({ name }) => name === failing)!
        assert.deepInclude(step, { status: "failed", attempts: 1 })
        assert.notInclude(step.error, "ada")
        assert.isTrue(yield* isRunning(failing))

        ran.length = 0
        yield* runSteps(actor, failing, steps)
        assert.deepStrictEqual(ran, [failing])
        yield* runSteps(actor, failing, steps)
        assert.deepStrictEqual(ran, [failing, failing, ...held])
        const whole = yield* requestAt(failing)
        assert.strictEqual(whole.status, "completed")
        assert.deepInclude(
          whole.steps.find(({ name }) => name === failing),
          { status: "done", attempts: 3, error: null }
        )
        assert.isFalse(yield* isRunning(failing))
      }).pipe(Effect.provide(world))
    )
  }
})

describe("a request that is not verified", () => {
  it.effect("has no step done", () =>
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      const request: KeptRequest = { ...verified("early"), status: "unverified", verification: null }
      yield* documents.commit(workspace, { writes: [putRequest(request, 0, ["ada"])] })
      const { ran, steps } = stepsFailing("none", 0)
      yield* runSteps(actor, "early", steps)
      assert.deepStrictEqual(ran, [])
      assert.strictEqual((yield* requestAt("early")).status, "unverified")
    }).pipe(Effect.provide(world))
  )
})
