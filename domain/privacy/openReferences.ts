import { Effect } from "effect"
import { sealedReference } from "../../ports/analytics/EventLake.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { decryptValue } from "./personalData.ts"

/** What stands where nobody has the key any more. */
export const erasedValue = "[erased]"
/** References that are opened in one slice of the event loop, a few milliseconds. */
const openedAtOnce = 200
const keysAtOnce = 1000

interface Reference {
  readonly at: number
  readonly length: number
  readonly subject: string
  readonly eventId: string
  readonly field: string
  readonly sealed: string
}

const decode = (text: string): ReadonlyArray<string> | undefined => {
  try {
    const parts = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown
    const isList = Array.isArray(parts) && parts.length === 4 && parts.every((part) => typeof part === "string")
    return isList ? (parts as ReadonlyArray<string>) : undefined
  } catch {
    return undefined
  }
}

const referencesIn = (text: string): ReadonlyArray<Reference> =>
  [...text.matchAll(sealedReference)].flatMap((match): ReadonlyArray<Reference> => {
    const parts = decode(match[1]!)
    if (parts === undefined) return []
    const [subject, eventId, field, sealed] = parts as [string, string, string, string]
    return [{ at: match.index, length: match[0].length, subject, eventId, field, sealed }]
  })

/** How often the text was quoted as JSON where the reference stands: by the backslashes before the quotation mark. */
const depthAt = (text: string, at: number): number => {
  let backslashes = 0
  if (text[at - 1] === '"') while (text[at - 2 - backslashes] === "\\") backslashes += 1
  return Math.log2(backslashes + 1) + 1
}

const quotedAs = (form: "json" | "csv", depth: number, value: unknown): string => {
  let text = typeof value === "string" ? value : JSON.stringify(value)
  for (let level = 0; level < depth; level += 1) text = JSON.stringify(text).slice(1, -1)
  return form === "json" ? text : text.replaceAll('"', '""')
}

/** The text with the clear values in the place of its references; `csv` where its JSON stands in a quoted field. */
export const openReferences = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  text: string,
  form: "json" | "csv"
): Effect.fn.Return<string, PortFailure, SubjectKeys> {
  const references = referencesIn(text)
  if (references.length === 0) return text
  const subjectKeys = yield* SubjectKeys
  const subjects = [...new Set(references.map(({ subject }) => subject))]
  const keys = new Map<string, Uint8Array>()
  for (let at = 0; at < subjects.length; at += keysAtOnce) {
    for (const [subject, key] of yield* subjectKeys.get(workspace, subjects.slice(at, at + keysAtOnce))) {
      keys.set(subject, key)
    }
  }
  const pieces: Array<string> = []
  let end = 0
  for (const [index, { at, eventId, field, length, sealed, subject }] of references.entries()) {
    if (index % openedAtOnce === openedAtOnce - 1) yield* Effect.yieldNow
    const key = keys.get(subject)
    const value = key === undefined ? undefined : decryptValue(workspace, key, { field, rowId: eventId }, sealed)
    // In CSV each quotation mark is two; backslashes are those of JSON.
    const depth = form === "json" ? depthAt(text, at) : 1
    pieces.push(text.slice(end, at), quotedAs(form, depth, value ?? erasedValue))
    end = at + length
  }
  return [...pieces, text.slice(end)].join("")
})
