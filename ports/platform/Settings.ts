import { Context, Schema } from "effect"
import { IngestSettings, ingestSettingsInitial } from "../analytics/IngestSettings.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** What a workspace decides for itself. */
export const Settings = Schema.Struct({
  /** IANA zone of its days and weeks. */
  time_zone: Schema.String,
  /** First day of the week: 1 is Monday, 7 Sunday (ISO 8601). */
  week_start: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
  /** ISO 4217 currency that money is reported in. */
  currency: Schema.String,
  ingest: IngestSettings
}).annotate({ identifier: "Settings" })
export type Settings = typeof Settings.Type

export const settingsInitial: Settings = {
  time_zone: "UTC",
  week_start: 1,
  currency: "USD",
  ingest: ingestSettingsInitial
}

/** The settings in force, held in memory so that nobody waits for them: at most one second old, the initial ones until set. */
export class SettingsSource extends Context.Service<
  SettingsSource,
  {
    readonly current: (workspace: WorkspaceId) => Settings
  }
>()("ports/platform/SettingsSource") {}
