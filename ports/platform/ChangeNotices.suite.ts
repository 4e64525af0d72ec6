import { assert, layer as layerOf } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { ChangeNotices } from "./ChangeNotices.ts"

/** The promises of ChangeNotices, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<ChangeNotices, PortFailure>): void => {
  layerOf(layer(), { excludeTestServices: true })(`ChangeNotices: ${name}`, (it) => {
    it.effect("reaches every listener within a second", () =>
      Effect.gen(function* () {
        const notices = yield* ChangeNotices
        const streams = yield* Effect.all([notices.listen, notices.listen])
        const listeners = yield* Effect.forEach(streams, (stream) =>
          Effect.forkChild(Stream.runCollect(Stream.take(stream, 2)))
        )
        const notice = (revision: number) => ({ workspace: WorkspaceId.make("one"), topic: "settings/one", revision })
        yield* notices.publish(notice(1))
        yield* notices.publish(notice(2))
        for (const listener of listeners) {
          const heard = yield* Effect.timeout(Fiber.join(listener), "1 second")
          assert.deepStrictEqual([...heard], [notice(1), notice(2)])
        }
      }).pipe(Effect.scoped)
    )
  })
}
