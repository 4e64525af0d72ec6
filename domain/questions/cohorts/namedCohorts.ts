import { escaped } from "../../../ports/jsonPointer.ts"
import { cohortsOfDimension } from "../names.ts"

export interface NamedCohort {
  readonly id: string
  readonly pointer: string
}

const partsOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  typeof value === "object" && value !== null ? Object.entries(value) : []

/** Cohorts that a question or a rule names, at every place: in conditions and as dimensions. */
export const namedCohorts = (value: unknown, pointer = ""): ReadonlyArray<NamedCohort> => {
  if (typeof value === "string") return cohortsOfDimension(value).map((id) => ({ id, pointer }))
  return partsOf(value).flatMap(([key, part]) => {
    const at = `${pointer}/${escaped(key)}`
    return key === "cohort" && typeof part === "string" ? [{ id: part, pointer: at }] : namedCohorts(part, at)
  })
}
