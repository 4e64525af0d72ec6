import { Effect, Layer } from "effect"
import { EventIntake } from "../../ports/analytics/EventIntake.ts"
import { make } from "./workflows/ingest.ts"

/** Events of the product itself, by the one pipeline. */
export const layer = Layer.effect(
  EventIntake,
  Effect.map(make, ({ ingestOwn }) => EventIntake.of({ record: ingestOwn }))
)
