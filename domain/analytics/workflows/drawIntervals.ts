import { Effect } from "effect"
import { bootstrapRowsMax, bootstrapStatisticsMax } from "../../../ports/analytics/Bootstrap.ts"
import type { BootstrapRequest, PersonRows } from "../../../ports/analytics/Bootstrap.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { Computation } from "../../../ports/platform/Computation.ts"

/** The draws of a bootstrap on a thread of its own, where it is not too large. */
export const drawIntervals = Effect.fnUntraced(function* (
  people: PersonRows | { readonly tooMany: number },
  statistics: number,
  request: (rows: PersonRows) => BootstrapRequest
) {
  if ("tooMany" in people || statistics > bootstrapStatisticsMax) {
    const detail =
      statistics > bootstrapStatisticsMax
        ? `intervals of ${bootstrapStatisticsMax} numbers at the most: ask for fewer periods, values or metrics`
        : `${bootstrapRowsMax} people by period and value at the most: ask for a shorter range or fewer periods`
    return yield* new InvalidQuestion({ errors: [{ pointer: "/uncertainty", code: "too_many", detail }] })
  }
  return yield* (yield* Computation).run("bootstrap", request(people))
})
