import { Context, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { Settings } from "../../../ports/platform/Settings.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { KnownRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { keptRevision } from "../../platform/revisions.ts"
import { settingsOfBefore } from "../../platform/settings.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { definitionOf } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"

/** Revisions of the definitions that an answer from before rests on, where its bytes are asked for again. */
export const PastDefinitions: Context.Reference<ReadonlyMap<string, number>> = Context.Reference<
  ReadonlyMap<string, number>
>("domain/analytics/PastDefinitions", { defaultValue: () => new Map() })

/**
 * A definition as it stands, or as it stood for the answer that is asked for again. What is not kept any more is answered
 * as it stands: its revision then tells that it is another one.
 */
export const readDefinition = Effect.fnUntraced(function* <Definition>(
  workspace: WorkspaceId,
  kind: { readonly name: string },
  id: string
) {
  const documents = yield* DocumentStore
  const wanted = (yield* PastDefinitions).get(definitionOf(kind, id))
  const standing = yield* documents.get(workspace, kind.name, id)
  const found =
    wanted === undefined || standing === undefined || standing.revision === wanted
      ? undefined
      : yield* keptRevision<Definition>(kind, workspace, id, wanted)
  if (found !== undefined) return found
  return standing === undefined ? undefined : { item: standing.data as Definition, revision: standing.revision }
})

/** The same; what is not there is refused as by {@link readItem}. */
export const readDefined = Effect.fnUntraced(function* <Definition>(
  kind: { readonly name: string; readonly singular: string },
  workspace: WorkspaceId,
  id: string
) {
  return (yield* readDefinition<Definition>(workspace, kind, id)) ?? (yield* readItem<Definition>(kind, workspace, id))
})

const settingsOf = definitionOf({ name: "settings" }, "workspace")
const ratesDayOf = definitionOf({ name: "exchange_rates" }, "day")
const ratesOf = definitionOf({ name: "exchange_rates" }, "values")

const fingerprintDigits = 12

/** What tells a value from others, as a number that stands for a revision. */
const fingerprint = (value: unknown): number => Number.parseInt(hashValue(value).slice(0, fingerprintDigits), 16)

const numberOfDay = (day: string): number => Number(day.replaceAll("-", ""))
const dayOfNumber = (number: number): string => String(number).replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3")

/** What every answer rests on besides events and definitions, as revisions of it. */
export const revisionsOfWorld = (settings: Settings, rates: KnownRates): ReadonlyArray<DefinitionRevision> => [
  [settingsOf, fingerprint(settings)],
  [ratesDayOf, numberOfDay(rates.attribution.as_of)],
  [ratesOf, fingerprint(rates.revision)]
]

/**
 * The settings of then, where they are kept. Where other fields have come to be personal data since, today's stay: what is
 * not to be shown now is not shown as of then either.
 */
const settingsThen = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  past: ReadonlyMap<string, number>,
  now: Settings
) {
  const wanted = past.get(settingsOf)
  if (wanted === undefined || wanted === fingerprint(now)) return now
  const then = (yield* settingsOfBefore(workspace)).find((each) => fingerprint(each) === wanted)
  const isPersonal = (field: string) => then?.ingest.personal_fields.includes(field)
  return then !== undefined && now.ingest.personal_fields.every(isPersonal) ? then : now
})

/** With settings, rates and definitions as an answer from before rested on them, as far as they are kept. */
export const restingOn = <A, E, R>(
  workspace: WorkspaceId,
  past: ReadonlyMap<string, number>,
  question: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const source = yield* SettingsSource
    const rates = yield* ExchangeRates
    const settings = yield* settingsThen(workspace, past, source.current(workspace))
    const day = past.get(ratesDayOf)
    const current = (of: WorkspaceId) => (of === workspace ? settings : source.current(of))
    return yield* question.pipe(
      Effect.provideService(PastDefinitions, past),
      Effect.provideService(SettingsSource, { ...source, current }),
      Effect.provideService(
        ExchangeRates,
        day === undefined ? rates : { ...rates.asOf(dayOfNumber(day)), asOf: rates.asOf }
      )
    )
  })
