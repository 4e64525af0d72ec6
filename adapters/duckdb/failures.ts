import { PortFailure } from "../../ports/PortFailure.ts"

/** A block whose checksum is wrong, or a catalog that cannot be read: no call gets over it. */
const damagedText = /corrupt database file|checksum|failed to deserialize|serialization error/i

/** A failed checkpoint leaves the database closed to every call until it is opened again; its committed rows are whole. */
const closedText = /has been invalidated/i

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const quoted = /'(?:[^'\n]|'')*'|"[^"\n]*"/g
const ownFile = /^["']\/[\w./ -]+\.(?:duckdb|wal|tmp|ndjson)["']$/

/** What went wrong, without the statement and the values in it, which are a person's data or question. */
const withoutValues = (text: string): string =>
  text.replace(/\n+LINE \d+:[^]*$/, "").replaceAll(quoted, (found) => (ownFile.test(found) ? found : "…"))

export const needsReopening = (cause: unknown): boolean => closedText.test(textOf(cause))

/** What an error of DuckDB, or of its scratch file, means to the caller of `EventStore`. */
export const duckdbFailure = (operation: string, cause: unknown): PortFailure => {
  if (cause instanceof PortFailure) return cause
  const text = textOf(cause)
  const reason = /no space left|disk is full|disk quota|file too large/i.test(text)
    ? "full"
    : /out of memory/i.test(text)
      ? "overloaded"
      : damagedText.test(text)
        ? "corrupt"
        : "unavailable"
  const detail = withoutValues(text)
  return new PortFailure({ port: "EventStore", operation, reason, detail, cause: new Error(detail) })
}
