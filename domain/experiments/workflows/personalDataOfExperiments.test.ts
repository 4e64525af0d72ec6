import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentMetric } from "../../../ports/experiments/Experiment.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createDefaultWorkspace } from "../../platform/workspaces.ts"
import { definitionsWorld } from "../testing/definitionsWorld.ts"
import { createExperiment } from "./experiments.ts"
import { createFlag } from "./flags.ts"
import { definitionHistory } from "./liveDefinitions.ts"
import { personalDataOfExperiments } from "./personalDataOfExperiments.ts"
import { createRelease, removeRelease } from "./releases.ts"
import { settleRelease } from "./releaseReport.ts"

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const withoutAda: ExperimentMetric = {
  id: "errors",
  measure: {
    kind: "rate",
    of: { event_types: ["checkout_failed"], filters: { dimension: "user_id", operator: "is_not", value: "ada" } }
  },
  direction: "decrease",
  margin: 0.1
}
const place = "/guardrails/0/measure/of/filters/value"

const begin = Effect.gen(function* () {
  yield* createDefaultWorkspace
  const production = { enabled: true, rules: [{ id: "all", serve: { variant: "on" } }] }
  yield* createFlag(actor, { key: "checkout", type: "boolean", environments: { production } })
  const steps = [{ percent: 50 }]
  const asked = { flag: "checkout", rule: "all", control: "off", steps, guardrails: [withoutAda] }
  const { id } = yield* createRelease(actor, asked)
  const { id: experiment } = yield* createExperiment(actor, { name: "Test", guardrails: [withoutAda] })
  return { release: id, experiment }
})

/** The records about the person, and what the store says of them. */
const records = Effect.gen(function* () {
  const { export: told } = yield* personalDataOfExperiments
  return yield* Stream.runCollect(told({ workspace, person: "ada", ids: ["ada"] }))
})
const erase = Effect.gen(function* () {
  const steps = (yield* personalDataOfExperiments).erase
  const { run } = steps.find(({ store }) => store === "definitions")!
  return yield* run({ workspace, keyId: "test", from: undefined, requestId: "test" }, ["ada"])
})

describe("people named by metrics", () => {
  it.effect("are told of, and erased from experiments, releases and their history", () =>
    Effect.gen(function* () {
      const { experiment, release } = yield* begin
      const found = yield* records
      assert.sameDeepMembers(
        found.map(({ data, kind }) => ({ kind, places: (data as { readonly places: unknown }).places })),
        [experiments.name, releases.name, definitionHistory.name, definitionHistory.name].map((kind) => ({
          kind,
          places: [place]
        }))
      )
      assert.strictEqual((yield* erase).removed, 2)
      assert.deepStrictEqual(yield* records, [])
      const documents = yield* DocumentStore
      for (const [collection, id] of [
        [experiments.name, experiment],
        [releases.name, release]
      ] as const) {
        const left = JSON.stringify(yield* documents.get(workspace, collection, id))
        assert.include(left, `"value":"erased_`)
        assert.notInclude(left, `"ada"`)
      }
      const equals = [releases.name, release]
      const past = { workspace, collection: definitionHistory.name, index: "by_definition", equals, limit: 10 }
      assert.notInclude(JSON.stringify(yield* documents.list(past)), `"ada"`)
    }).pipe(Effect.provide(definitionsWorld()))
  )

  it.effect("are subjects of the audit records of a release, from its beginning to its end", () =>
    Effect.gen(function* () {
      const { release } = yield* begin
      yield* settleRelease(actor, release, "aborted", undefined)
      const documents = yield* DocumentStore
      const { revision } = (yield* documents.get(workspace, releases.name, release))!
      yield* removeRelease(actor, release, revision)
      const found = yield* documents.listBySubject(workspace, "ada")
      const actions = found.flatMap(({ collection, data }) =>
        collection === "audit" ? [(data as { readonly action: string }).action] : []
      )
      assert.sameMembers(actions, ["release.created", "release.aborted", "release.deleted", "experiment.created"])
    }).pipe(Effect.provide(definitionsWorld()))
  )
})
