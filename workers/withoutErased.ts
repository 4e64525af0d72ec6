import { Effect } from "effect"
import { eventOwner, isErasedLine } from "../domain/privacy/erasedLines.ts"
import type { Tombstones } from "../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"

/** In between the event loop has its turn. */
const linesPerSlice = 1000

/** How many subjects of each workspace are erased. */
export const countErased = ({ counts }: Tombstones): ReadonlyMap<string, number> => new Map(counts)

/** Subjects of lines that were chosen before, and erased since: what took the lines has to let go of them. */
export const erasedSince = (
  tombstones: Tombstones,
  before: ReadonlyMap<string, number>,
  lines: ReadonlyArray<string>
): ReadonlyArray<{ readonly workspace: WorkspaceId; readonly subjects: ReadonlyArray<string> }> => {
  const grown = [...tombstones.counts].filter(([workspace, count]) => count !== (before.get(workspace) ?? 0))
  if (grown.length === 0) return []
  const found = new Map(grown.map(([workspace]) => [workspace, new Set<string>()]))
  for (const line of lines) {
    const owner = isErasedLine(line, tombstones) ? eventOwner(line) : undefined
    if (owner !== undefined) found.get(owner.workspace)?.add(owner.subject)
  }
  return [...found].flatMap(([workspace, subjects]) =>
    subjects.size === 0 ? [] : [{ workspace: WorkspaceId.make(workspace), subjects: [...subjects] }]
  )
}

/**
 * The lines but those of erased subjects: in the log they stay until it lets go of them, and what is built from it, or
 * put back into it, must not bring them back.
 */
export const withoutErased = Effect.fnUntraced(function* (tombstones: Tombstones, lines: ReadonlyArray<string>) {
  if (tombstones.counts.size === 0) return lines
  const kept: Array<string> = []
  for (let at = 0; at < lines.length; at += linesPerSlice) {
    if (at > 0) yield* Effect.yieldNow
    for (const line of lines.slice(at, at + linesPerSlice)) if (!isErasedLine(line, tombstones)) kept.push(line)
  }
  return kept
})
