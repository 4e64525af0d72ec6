import { PortFailure } from "../../../ports/PortFailure.ts"
import { duckdbFailure } from "../failures.ts"

/** What an error of the engine or of the disk means to the caller of `EventLake`. */
export const lakeFailure = (operation: string, cause: unknown): PortFailure => {
  if (cause instanceof PortFailure) return cause
  const { detail, reason } = duckdbFailure(operation, cause)
  return new PortFailure({ port: "EventLake", operation, reason, detail, cause: new Error(detail) })
}
