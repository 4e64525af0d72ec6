import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { RootKeys } from "./RootKeys.ts"

const one = WorkspaceId.make("one")
const key = new Uint8Array(32).fill(7)

/** The promises of RootKeys, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<RootKeys, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`RootKeys: ${name}`, (it) => {
    it.effect("unwraps what it wrapped, never the same twice", () =>
      Effect.gen(function* () {
        const roots = yield* RootKeys
        const wrapped = yield* roots.wrap(one, key)
        assert.notInclude(wrapped, Buffer.from(key).toString("base64url"))
        assert.notStrictEqual(yield* roots.wrap(one, key), wrapped)
        assert.deepStrictEqual([...(yield* roots.unwrap(one, wrapped))], [...key])
      })
    )

    it.effect("unwraps for the same workspace only, and nothing that was changed", () =>
      Effect.gen(function* () {
        const roots = yield* RootKeys
        const wrapped = yield* roots.wrap(one, key)
        const middle = wrapped.length >> 1
        const changed = wrapped.slice(0, middle) + (wrapped[middle] === "A" ? "B" : "A") + wrapped.slice(middle + 1)
        for (const refused of [
          roots.unwrap(WorkspaceId.make("two"), wrapped),
          roots.unwrap(one, changed),
          roots.unwrap(one, "")
        ]) {
          assert.strictEqual((yield* Effect.flip(refused)).reason, "corrupt")
        }
      })
    )

    it.effect("wraps under a new root after a rotation, and unwraps what older ones wrapped", () =>
      Effect.gen(function* () {
        const roots = yield* RootKeys
        const before = yield* roots.wrap(one, key)
        const versions = [yield* roots.rotate, yield* roots.rotate]
        assert.notStrictEqual(versions[0], versions[1])
        const after = yield* roots.wrap(one, key)
        for (const wrapped of [before, after]) {
          assert.deepStrictEqual([...(yield* roots.unwrap(one, wrapped))], [...key])
        }
      })
    )
  })
}
