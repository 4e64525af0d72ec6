import { Context } from "effect"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** Objections that wait to be kept; what comes beyond is told again by the browser's next event. */
export const signalsWaitingMax = 10_000

/**
 * Browsers that say by Global Privacy Control that their user objects to the sale of data. `objects` never waits: what is
 * told is kept within seconds and when the process stops. Unset, nobody listens.
 */
export interface PrivacySignals {
  /** `subject`: as it is stored. */
  readonly objects: (workspace: WorkspaceId, subject: string) => void
}

export const PrivacySignals: Context.Reference<PrivacySignals> = Context.Reference<PrivacySignals>(
  "ports/privacy/PrivacySignals",
  { defaultValue: () => ({ objects: () => undefined }) }
)
