import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as BundledRates from "../../../adapters/bundled/ExchangeRates.ts"
import * as DuckdbEventStore from "../../../adapters/duckdb/EventStore.ts"
import * as RootKeyFile from "../../../adapters/files/RootKeys.ts"
import * as MemoryCache from "../../../adapters/memory/Cache.ts"
import * as SqliteDocumentStore from "../../../adapters/sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "../../../adapters/sqlite/SubjectKeys.ts"
import * as ThreadComputation from "../../../adapters/threads/Computation.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { Collections } from "../../../ports/documents/DocumentStore.ts"
import type { Collection } from "../../../ports/documents/DocumentStore.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import { settingsInitial, SettingsSource } from "../../../ports/platform/Settings.ts"
import type { Settings } from "../../../ports/platform/Settings.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import { cohortMembers, cohorts } from "../../../ports/analytics/Cohort.ts"
import { goals } from "../../../ports/analytics/Goal.ts"
import { keptRevisions } from "../../../ports/documents/Revision.ts"
import { shares } from "../../../ports/analytics/Share.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { belongsTo, storeCohorts } from "./cohorts.ts"
import { rangeDays } from "./histories.ts"
import { bucketOf, withoutDuplicates } from "./reference.ts"
import type { Event } from "./reference.ts"

/** What questions are answered with, on the embedded engines. */
export const questionWorld = (settings: Settings = settingsInitial, others: ReadonlyArray<Collection> = []) => {
  const folder = mkdtempSync(join(tmpdir(), "questions-"))
  return Layer.mergeAll(
    DuckdbEventStore.layer({ file: join(folder, "events.duckdb") }),
    BundledRates.layer,
    MemoryCache.layer,
    Layer.provide(
      SqliteDocumentStore.layer({ file: join(folder, "documents.sqlite") }),
      Layer.succeed(Collections, [
        channelRules,
        cohorts.collection,
        cohortMembers,
        experiments.collection,
        funnels.collection,
        goals.collection,
        insights.collection,
        keptRevisions,
        shares,
        ...others
      ])
    ),
    ThreadComputation.layer({ entry: new URL("../../../workers/computing.ts", import.meta.url) }),
    Layer.succeed(SettingsSource, { current: () => settings, load: () => Effect.void }),
    Layer.provide(
      SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
      RootKeyFile.layer({ file: join(folder, "root.key") })
    )
  )
}

export interface GeneratedHistory {
  readonly day: string
  readonly log: ReadonlyArray<Event>
  readonly merges: ReadonlyMap<string, string>
  readonly zone: string
}

/** Stores a generated history in a workspace of its own: what is asked about, and the events that count, for the reference. */
export const storeHistory = Effect.fnUntraced(function* (name: string, { day, log, merges, zone }: GeneratedHistory) {
  const workspace = WorkspaceId.make(name)
  const store = yield* EventStore
  const lines = log.map((event) => ({ ...event, workspace }))
  yield* store.insert({ partition: name, through: "1", lines: lines.map((line) => JSON.stringify(line)) })
  yield* store.setMerges(
    workspace,
    [...merges].map(([from, into]) => ({ from, into }))
  )
  yield* storeCohorts(workspace)
  const all = withoutDuplicates(lines)
  const last = formatDay(addDays(parseDay(day)!, rangeDays - 1))
  const inRange = (event: Event) => {
    const own = bucketOf(zone, "day", event.time)
    return own >= day && own <= last
  }
  return { workspace, all, range: { from: day, to: last }, inRange, belongs: belongsTo(all, merges) }
})
