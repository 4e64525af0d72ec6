import { Context, Effect, Latch, Layer } from "effect"

/** Told when the server begins to stop, so that connections which would stay open end by themselves. */
export class ServerStop extends Context.Service<
  ServerStop,
  {
    readonly awaitStop: Effect.Effect<void>
    readonly isStopping: () => boolean
    readonly begin: Effect.Effect<void>
  }
>()("http/ServerStop") {}

export const layer: Layer.Layer<ServerStop> = Layer.effect(
  ServerStop,
  Effect.map(Latch.make(), (latch) => {
    let stopping = false
    return ServerStop.of({
      awaitStop: latch.await,
      isStopping: () => stopping,
      begin: Effect.andThen(
        Effect.sync(() => void (stopping = true)),
        latch.open
      )
    })
  })
)
