import type { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { IngestSettings } from "../../../ports/analytics/IngestSettings.ts"
import type { EventNote, StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import type { ClientHints } from "./clientHints.ts"
import type { WorkspaceSecrets } from "../../privacy/personalData.ts"

/** What the request says of itself. */
export interface RequestFacts {
  readonly workspace: string
  /** A browser key's own header and address count; a secret key's are its server's. */
  readonly keyKind: "secret" | "browser"
  readonly ip?: string
  readonly userAgent?: string
  readonly clientHints?: ClientHints
  readonly traceparent?: string
  /** The browser's user objects to the sale of data (Global Privacy Control, `Sec-GPC: 1`). */
  readonly globalPrivacyControl?: true
}

/** What is the same for every event of a workspace. */
export interface IngestContext {
  readonly settings: IngestSettings
  readonly secrets: WorkspaceSecrets
  readonly locate: (ip: string) => StoredEvent["geo"] | undefined
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** An event on its way through the pipeline: what came, and the stored event as far as it is made. */
export interface Draft {
  readonly event: AnalyticsEvent
  readonly facts: RequestFacts
  readonly context: IngestContext
  readonly historical: boolean
  /** The sender's clock when it sent, ms UTC. */
  readonly sentAt: number | undefined
  readonly notes: Array<EventNote>
  readonly stored: Writable<StoredEvent>
  /** The clear forms of ids that were replaced, to be kept encrypted. */
  readonly replacedIds: Record<string, string>
}
