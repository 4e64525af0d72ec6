import { Effect, Layer, PubSub, Stream } from "effect"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import type { ChangeNotice } from "../../ports/platform/ChangeNotices.ts"

/** Notices that wait for a slow listener; older ones are lost, as the port allows. */
export const noticesWaitingMax = 1024

/** Notices within this one process. */
export const layer: Layer.Layer<ChangeNotices> = Layer.effect(
  ChangeNotices,
  Effect.map(PubSub.sliding<ChangeNotice>(noticesWaitingMax), (notices) =>
    ChangeNotices.of({
      publish: (notice) => Effect.asVoid(PubSub.publish(notices, notice)),
      listen: Effect.map(PubSub.subscribe(notices), Stream.fromSubscription)
    })
  )
)
