import { isReservedId } from "../../ports/analytics/EventStore.ts"

const idIn = (line: string, field: "user_id" | "anonymous_id"): string | undefined => {
  const text = new RegExp(String.raw`"${field}":("(?:[^"\\]|\\.)*")`).exec(line)?.[1]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}

/** Whom a line of the log speaks of, also one that is no JSON: its user, and its device. */
export const lineSubjects = (line: string): ReadonlyArray<string> =>
  [idIn(line, "user_id"), idIn(line, "anonymous_id")].filter(
    (id): id is string => id !== undefined && !isReservedId(id)
  )

/** Whom the line counts for: its user, or the device where it has none. */
export const lineOwner = (line: string): string | undefined => lineSubjects(line)[0]
