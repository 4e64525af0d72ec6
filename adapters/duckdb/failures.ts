import { PortFailure } from "../../ports/PortFailure.ts"

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Names of stored values never reach the detail: DuckDB's own messages may quote them, so only their first line is kept. */
export const duckdbFailure = (operation: string, cause: unknown): PortFailure => {
  if (cause instanceof PortFailure) return cause
  const message = messageOf(cause)
  const reason = /No space left|out of disk|disk is full/i.test(message)
    ? ("full" as const)
    : /INTERRUPT/i.test(message)
      ? ("timeout" as const)
      : /Out of Memory|memory limit/i.test(message)
        ? ("overloaded" as const)
        : ("unavailable" as const)
  return new PortFailure({
    port: "EventStore",
    operation,
    reason,
    detail: message.split("\n")[0]!.slice(0, 300),
    cause
  })
}

export const overloaded = (operation: string, detail: string): PortFailure =>
  new PortFailure({ port: "EventStore", operation, reason: "overloaded", detail })
