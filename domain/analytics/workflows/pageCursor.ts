import { Effect } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"
import { InvalidCursor } from "../../../ports/documents/DocumentStore.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

type Position = ReadonlyArray<string | number>

const markBytes = 16

/** Binds a position to its list, the workspace and what was asked of it: nobody makes a cursor, or uses it elsewhere. */
const markOf = Effect.fnUntraced(function* (workspace: WorkspaceId, list: ReadonlyArray<unknown>, position: Buffer) {
  const subjectKeys = yield* SubjectKeys
  const key = yield* subjectKeys.workspaceKey(workspace, "index")
  const named = JSON.stringify(["page cursor", ...list.map((each) => each ?? null)])
  return createHmac("sha256", key).update(named).update("\n").update(position).digest().subarray(0, markBytes)
})

/** Opaque; `list` is the list's name and every parameter that decides what is in it. */
export const encodeCursor = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  list: ReadonlyArray<unknown>,
  position: Position
) {
  const text = Buffer.from(JSON.stringify(position))
  return Buffer.concat([yield* markOf(workspace, list, text), text]).toString("base64url")
})

/** The position of a cursor that this very list has issued. */
export const decodeCursor = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  list: ReadonlyArray<unknown>,
  cursor: string
) {
  const bytes = Buffer.from(cursor, "base64url")
  const text = bytes.subarray(markBytes)
  if (text.length === 0 || !timingSafeEqual(yield* markOf(workspace, list, text), bytes.subarray(0, markBytes))) {
    return yield* new InvalidCursor({})
  }
  return JSON.parse(text.toString("utf8")) as Position
})
