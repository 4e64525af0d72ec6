import type { Effect } from "effect"
import { Context, Schema } from "effect"
import { IngestSettings, ingestSettingsInitial } from "../analytics/IngestSettings.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"

export const settingsInitial = {
  time_zone: "UTC",
  week_start: 1,
  currency: "USD",
  ingest: ingestSettingsInitial
}

/** What a workspace decides for itself. */
export const Settings = Schema.Struct({
  /** IANA zone of its days and weeks. */
  time_zone: Schema.String,
  /** First day of the week: 1 is Monday, 7 Sunday (ISO 8601). */
  week_start: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
  /** ISO 4217 currency that money is reported in. */
  currency: Schema.String,
  ingest: IngestSettings
}).annotate({ identifier: "Settings", examples: [settingsInitial] })
export type Settings = typeof Settings.Type

/** The settings in force, held in memory so that nobody waits for them: at most one second old. */
export class SettingsSource extends Context.Service<
  SettingsSource,
  {
    /** Of a workspace that was loaded; the initial ones until they are set. */
    readonly current: (workspace: WorkspaceId) => Settings
    /** Reads a workspace's settings, from now on kept up to date: whoever admits its first request does so. */
    readonly load: (workspace: WorkspaceId) => Effect.Effect<void, PortFailure>
  }
>()("ports/platform/SettingsSource") {}
