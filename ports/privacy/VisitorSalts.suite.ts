import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { VisitorSalts } from "./VisitorSalts.ts"

/** The promises of VisitorSalts, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<VisitorSalts, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`VisitorSalts: ${name}`, (it) => {
    it.effect("answers the same 32 bytes for a day to everybody, others for every other day", () =>
      Effect.gen(function* () {
        const salts = yield* VisitorSalts
        assert.isUndefined(yield* salts.get(20_000))
        const [first, second] = yield* Effect.all([salts.getOrCreate(20_000), salts.getOrCreate(20_000)], {
          concurrency: 2
        })
        assert.strictEqual(first.length, 32)
        assert.deepStrictEqual([...second], [...first])
        assert.deepStrictEqual([...(yield* salts.get(20_000))!], [...first])
        assert.notDeepEqual([...(yield* salts.getOrCreate(20_001))], [...first])
      })
    )

    it.effect("destroys the salts of earlier days and no others, as often as it is asked", () =>
      Effect.gen(function* () {
        const salts = yield* VisitorSalts
        for (const day of [19_998, 19_999, 20_000]) yield* salts.getOrCreate(day)
        const kept = yield* salts.getOrCreate(20_000)
        yield* salts.destroyBefore(20_000)
        yield* salts.destroyBefore(20_000)
        assert.isUndefined(yield* salts.get(19_998))
        assert.isUndefined(yield* salts.get(19_999))
        assert.deepStrictEqual([...(yield* salts.get(20_000))!], [...kept])
      })
    )
  })
}
