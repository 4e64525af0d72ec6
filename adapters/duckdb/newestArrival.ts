import type { Read } from "./Engine.ts"
import { quote } from "./literals.ts"

/** Arrival of the newest event of the workspace, ms UTC: what an answer knows of, whenever it is asked. */
export const newestArrival = async (read: Read, workspace: string): Promise<number | undefined> => {
  const [row] = await read(
    `select received_us // 1000 as millis from store.arrivals where workspace = ${quote(workspace)}`
  )
  const millis = row?.["millis"]
  return millis === null || millis === undefined ? undefined : Number(millis)
}
