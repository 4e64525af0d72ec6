import { Result, Schema, SchemaIssue } from "effect"
import type { RejectedLine } from "../../ports/analytics/EventStore.ts"
import { StoredEvent, storedLineIdOffset, storedLineVersion } from "../../ports/analytics/StoredEvent.ts"

export interface Line {
  /** As it was given. */
  readonly line: string
  /** As it is loaded. */
  readonly text: string
  readonly id: string
  readonly workspace: string
}

const head = `{"v":${storedLineVersion},"event_id":"`
const between = `","workspace":"`
const idCharacters = 36
const workspaceAt = storedLineIdOffset + idCharacters + between.length

/** Id and workspace cut out of a line where ingestion puts them, without parsing it. */
const cut = (text: string): Line | undefined => {
  if (!text.startsWith(head) || !text.startsWith(between, storedLineIdOffset + idCharacters) || !text.endsWith("}"))
    return undefined
  const id = text.slice(storedLineIdOffset, storedLineIdOffset + idCharacters)
  const workspace = text.slice(workspaceAt, text.indexOf('"', workspaceAt))
  return { line: text, text, id, workspace }
}

const decode = Schema.decodeUnknownResult(Schema.toCodecJson(StoredEvent))
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where an event is not as it should be, without the values: they may be personal data, and the detail is listed. */
const placesOf = (issue: SchemaIssue.Issue): string => {
  const places = issuesOf(issue).issues.map(({ path = [] }) => `/${path.map(String).join("/")}`)
  return `not an event of version ${storedLineVersion} at ${[...new Set(places)].join(", ")}`.slice(0, 1000)
}
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The slow way: parses and judges one line whole. */
export const judge = (text: string): Line | RejectedLine => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { line: text, reason: "malformed_line", detail: "the line is not JSON" }
  }
  const { event_id: id, v: version, workspace } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (version !== storedLineVersion) {
    return { line: text, reason: "unknown_version", detail: `version ${String(version)}, known: ${storedLineVersion}` }
  }
  const decoded = decode(value)
  if (Result.isFailure(decoded)) return { line: text, reason: "invalid_event", detail: placesOf(decoded.failure.issue) }
  if (!uuid.test(String(id)))
    return { line: text, reason: "invalid_event", detail: "event_id is no UUID in lower case" }
  return { line: text, text: JSON.stringify(value), id: String(id), workspace: String(workspace) }
}

/** Lines to load and lines that are none; `strict` parses every one. */
export const sortLines = (texts: ReadonlyArray<string>, strict: boolean) => {
  const lines: Array<Line> = []
  const rejected: Array<RejectedLine> = []
  for (const text of texts) {
    const line = (strict ? undefined : cut(text)) ?? judge(text)
    if ("text" in line) lines.push(line)
    else rejected.push(line)
  }
  return { lines, rejected }
}
