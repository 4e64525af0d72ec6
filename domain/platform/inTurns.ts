import { Effect } from "effect"
import type { Steps } from "../statistics/steps.ts"

/** All the pieces of a long computation, others in between. */
export const inTurns = Effect.fnUntraced(function* <Result>(steps: Steps<Result>) {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    yield* Effect.yieldNow
  }
})
