import type { Mark } from "./Mark.ts"
import { parseInstant } from "../zones/instant.ts"

/** Places of notes among buckets: each in the last one that begins no later. Notes before the first are left out. */
export const marksAt = (
  buckets: ReadonlyArray<string>,
  to: string,
  marks: ReadonlyArray<Mark>
): ReadonlyArray<{ readonly category: number; readonly text: string }> => {
  const starts = buckets.map((start) => parseInstant(start) ?? Infinity)
  const end = parseInstant(to) ?? Infinity
  return marks.flatMap(({ at, text }) => {
    const millis = parseInstant(at) ?? -Infinity
    const category = starts.findLastIndex((start) => start <= millis)
    return category === -1 || millis >= end ? [] : [{ category, text }]
  })
}
