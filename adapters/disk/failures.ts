import { PortFailure } from "../../ports/PortFailure.ts"

/** Codes that mean "no room": a full disk, a quota, or a file size limit. */
const fullCodes = new Set(["ENOSPC", "EDQUOT", "EFBIG"])

/** What an error of the file system means to the caller of `EventLog`. */
export const diskFailure = (operation: string, cause: unknown): PortFailure => {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "unknown"
  const full = fullCodes.has(code)
  return new PortFailure({
    port: "EventLog",
    operation,
    reason: full ? "full" : "unavailable",
    detail: full ? `no room on the disk (${code})` : `the disk answered ${code}`,
    cause
  })
}
