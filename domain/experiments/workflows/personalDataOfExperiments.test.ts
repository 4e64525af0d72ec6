import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { StoredDocument } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentMetric } from "../../../ports/experiments/Experiment.ts"
import { flags, segments } from "../../../ports/experiments/Flag.ts"
import type { Segment } from "../../../ports/experiments/Flag.ts"
import { releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { putItem } from "../../platform/resources.ts"
import { createDefaultWorkspace } from "../../platform/workspaces.ts"
import { definitionsWorld } from "../testing/definitionsWorld.ts"
import { createExperiment } from "./experiments.ts"
import { createFlag, createSegment } from "./flags.ts"
import { definitionHistory, naming } from "./liveDefinitions.ts"
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
    }).pipe(Effect.provide(definitionsWorld))
  )

  it.effect(
    "are told of and erased where an older rule did not say whom a document names, and only if they are meant",
    () =>
      Effect.gen(function* () {
        yield* createDefaultWorkspace
        const documents = yield* DocumentStore
        const condition = { $or: [{ user_id: { $inGroup: "staff" } }, { user_id: { $regex: "^(ada|ben)$" } }] }
        const rules = [{ id: "staff", condition, serve: { variant: "on" } }]
        const lists = [
          { key: "staff", members: { attribute: "employee", values: ["ada", "ben"] } },
          { key: "plans", members: { attribute: "plan", values: ["ada", "pro"] } }
        ]
        for (const list of lists) yield* createSegment(actor, list)
        yield* createFlag(actor, {
          key: "dark",
          type: "boolean",
          environments: { production: { enabled: true, rules } }
        })
        // As they were stored before.
        for (const [collection, id] of [
          [segments.name, "staff"],
          [flags.name, "dark"]
        ] as const) {
          const { data, revision } = (yield* documents.get(workspace, collection, id))!
          const put = {
            kind: "put",
            collection,
            id,
            expected: revision,
            schema_version: 1,
            subjects: [],
            data
          } as const
          yield* documents.commit(workspace, { writes: [put] })
        }
        const past = { workspace, collection: definitionHistory.name, index: "by_time", equals: [], limit: 10 }
        const { items } = yield* documents.list(past)
        yield* documents.commit(workspace, {
          writes: items.map(({ collection, data, id, revision, schema_version }) => ({
            kind: "put",
            collection,
            id,
            expected: revision,
            schema_version,
            subjects: [],
            data
          }))
        })
        assert.lengthOf(yield* records, 4)
        yield* erase
        assert.deepStrictEqual(yield* records, [])
        const values = (key: string) =>
          Effect.map(documents.get(workspace, segments.name, key), (found) => (found!.data as Segment).members)
        assert.deepStrictEqual(yield* values("staff"), { attribute: "employee", values: ["ben"] })
        assert.deepStrictEqual(yield* values("plans"), { attribute: "plan", values: ["ada", "pro"] })
        assert.include(JSON.stringify(yield* documents.get(workspace, flags.name, "dark")), '"^(?:ben)$"')
      }).pipe(Effect.provide(definitionsWorld))
  )

  it.effect("are recipients of a release, who get no more mail", () =>
    Effect.gen(function* () {
      yield* begin
      const documents = yield* DocumentStore
      const by = { workspace, collection: releases.name, index: "by_time", equals: [], limit: 1 }
      const { items } = yield* documents.list(by)
      const [{ data, id, revision }] = items as [StoredDocument]
      const after = { ...(data as GuardedRelease), recipients: ["ada", "ben@example.org"] }
      const kind = yield* naming(workspace, releases)
      yield* documents.commit(workspace, { writes: [putItem(kind, after, revision)] })
      yield* erase
      const left = (yield* documents.get(workspace, releases.name, id))!.data as GuardedRelease
      assert.deepStrictEqual(left.recipients, ["ben@example.org"])
    }).pipe(Effect.provide(definitionsWorld))
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
    }).pipe(Effect.provide(definitionsWorld))
  )
})
