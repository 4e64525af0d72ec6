import { escaped } from "../../../ports/jsonPointer.ts"
import { goalOfMetric } from "../names.ts"

export interface NamedGoal {
  readonly id: string
  readonly pointer: string
}

const partsOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  typeof value === "object" && value !== null ? Object.entries(value) : []

/** Goals that a question or a rule names, at every place: in selections, in conditions and as metrics. */
export const namedGoals = (value: unknown, pointer = ""): ReadonlyArray<NamedGoal> => {
  if (typeof value === "string") {
    const id = goalOfMetric(value)
    return id === undefined ? [] : [{ id, pointer }]
  }
  return partsOf(value).flatMap(([key, part]) => {
    const at = `${pointer}/${escaped(key)}`
    return key === "goal" && typeof part === "string" ? [{ id: part, pointer: at }] : namedGoals(part, at)
  })
}
