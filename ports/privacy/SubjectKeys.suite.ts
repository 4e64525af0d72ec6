import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { SubjectKeys } from "./SubjectKeys.ts"

const one = WorkspaceId.make("one")
const other = WorkspaceId.make("other")

/** The promises of SubjectKeys, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<SubjectKeys, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`SubjectKeys: ${name}`, (it) => {
    it.effect("answers the same 32-byte key for a subject ever after, another for every other", () =>
      Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        const first = yield* subjects.getOrCreate(one, ["anna", "ben", "anna"])
        assert.strictEqual(first.keys.size, 2)
        assert.strictEqual(first.keys.get("anna")?.length, 32)
        assert.notDeepEqual(first.keys.get("anna"), first.keys.get("ben"))
        const again = yield* subjects.getOrCreate(one, ["ben"])
        assert.deepStrictEqual([...again.keys.get("ben")!], [...first.keys.get("ben")!])
        const foreign = yield* subjects.getOrCreate(other, ["ben"])
        assert.notDeepEqual([...foreign.keys.get("ben")!], [...first.keys.get("ben")!])
        assert.strictEqual((yield* subjects.get(one, ["nobody"])).size, 0)
      })
    )

    it.effect("gives callers at the same time the same key", () =>
      Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        const answers = yield* Effect.all(
          Array.from({ length: 50 }, () => subjects.getOrCreate(one, ["together", "apart"])),
          { concurrency: "unbounded" }
        )
        const distinct = new Set(answers.map(({ keys }) => Buffer.from(keys.get("together")!).toString("hex")))
        assert.strictEqual(distinct.size, 1)
      })
    )

    it.effect("never answers or makes a destroyed key again", () =>
      Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        yield* subjects.getOrCreate(one, ["gone", "stays"])
        yield* subjects.destroy(one, ["gone", "never seen"])
        const after = yield* subjects.getOrCreate(one, ["gone", "stays", "never seen"])
        assert.deepStrictEqual([...after.keys.keys()], ["stays"])
        assert.deepStrictEqual([...after.erased].toSorted(), ["gone", "never seen"])
        assert.strictEqual((yield* subjects.get(one, ["gone"])).size, 0)
        assert.strictEqual((yield* subjects.getOrCreate(other, ["gone"])).keys.size, 1)
        const { tombstones } = subjects
        assert.deepStrictEqual([...tombstones.counts], [[one, 2]])
        const asked = [one, other].map((workspace) =>
          ["gone", "never seen", "stays"].filter((id) => tombstones.has(workspace, id))
        )
        assert.deepStrictEqual(asked, [["gone", "never seen"], []])
      })
    )

    it.effect("keeps the workspace's keys and the subjects' keys over a rotation of the root", () =>
      Effect.gen(function* () {
        const subjects = yield* SubjectKeys
        const index = yield* subjects.workspaceKey(one, "index")
        const pseudonym = yield* subjects.workspaceKey(one, "pseudonym")
        assert.notDeepEqual([...index], [...pseudonym])
        const { keys } = yield* subjects.getOrCreate(one, ["rotated"])
        assert.isAtLeast(yield* subjects.rotateRoot, 2)
        assert.deepStrictEqual([...(yield* subjects.workspaceKey(one, "index"))], [...index])
        const after = yield* subjects.get(one, ["rotated"])
        assert.deepStrictEqual([...after.get("rotated")!], [...keys.get("rotated")!])
      })
    )
  })
}
