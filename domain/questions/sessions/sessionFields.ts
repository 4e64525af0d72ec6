import type { PlanField } from "../../../ports/analytics/PlanFilter.ts"
import { sessionAttributes, sessionNumbers } from "../../../ports/analytics/SessionAttribute.ts"
import type { SessionAttribute } from "../../../ports/analytics/SessionAttribute.ts"
import type { Dimensions } from "../planFilter.ts"

export const isSessionAttribute = (name: string): name is SessionAttribute =>
  (sessionAttributes as ReadonlyArray<string>).includes(name)

/** What filters on sessions may name. */
export const sessionDimensions: Dimensions = {
  names: [...sessionAttributes, ...sessionNumbers],
  fieldOf: (name): PlanField | undefined => {
    const attribute = [...sessionAttributes, ...sessionNumbers].find((each) => each === name)
    return attribute === undefined ? undefined : { kind: "session", attribute }
  }
}
