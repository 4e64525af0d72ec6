import { Effect } from "effect"
import { listedEventTypesMax } from "../../ports/analytics/EventStore.ts"
import type { StoreReads } from "../../ports/analytics/EventStore.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { answerOf } from "./answers.ts"
import { gatherCohorts } from "./cohort.ts"
import type { Engine, Read, Row } from "./Engine.ts"
import { quote } from "./literals.ts"
import { readingPast } from "./pastText.ts"
import { readingSlots } from "./propertySlots.ts"
import { readingUnrestricted, restrictionsText } from "./restricting.ts"
import { eventPlace, placeOfText, placesText, scannedValues, scanText } from "./scanText.ts"
import { sealWatermark } from "./Watermark.ts"
import type { Watermark } from "./Watermark.ts"

/** What the store is now, for a workspace: all of a watermark but what the plan says. */
export type StoreState = Omit<Watermark, "revisions">

export const stateText = (workspace: string): string =>
  `select (select id from store.incarnation) as incarnation, (select tick from store.ticks)::integer as tick,
   coalesce((select max(epoch) from store.erasures where workspace = ${quote(workspace)}), 0)::integer as erasures,
   coalesce((select max(revision) from store.expiries where workspace = ${quote(workspace)}), 0)::integer as expiries`

export const stateOf = ([row]: ReadonlyArray<Row>): StoreState => ({
  incarnation: String(row?.["incarnation"]),
  epoch: `${Number(row?.["erasures"])}.${Number(row?.["expiries"])}`,
  tick: Number(row?.["tick"])
})

/** Why the watermark is of no state that can be had any more; `undefined` where it is. */
export const endOf = (mark: StoreState, now: StoreState): "built_anew" | "erased" | undefined => {
  if (mark.incarnation !== now.incarnation) return "built_anew"
  return mark.epoch === now.epoch ? undefined : "erased"
}

const endedMeanwhile = new PortFailure({
  port: "EventStore",
  operation: "asOf",
  reason: "unavailable",
  detail: "data of the watermark was erased meanwhile"
})

/** Questions to the data as they are, or as they were at a watermark; each on one state, of which it can say the watermark. */
export const storeReads = (engine: Engine, key: Uint8Array, mark: Watermark | undefined): StoreReads => {
  const reading = <A>(
    operation: string,
    workspace: string,
    body: (read: Read, state: StoreState) => Promise<A>
  ): Effect.Effect<A, PortFailure> =>
    engine
      .snapshot(operation, async (read) => {
        const now = stateOf(await read(stateText(workspace)))
        if (mark !== undefined && endOf(mark, now) !== undefined) return endedMeanwhile
        const [restricted] = await read(restrictionsText(workspace))
        const isPast = mark !== undefined && mark.tick !== now.tick
        const seen = isPast ? readingPast(read, workspace, mark.tick) : read
        return body(Number(restricted?.["n"]) > 0 ? readingUnrestricted(seen, isPast) : seen, isPast ? mark : now)
      })
      .pipe(Effect.flatMap((found) => (found instanceof PortFailure ? Effect.fail(found) : Effect.succeed(found))))

  return {
    answer: (plan) =>
      reading("answer", plan.workspace, async (read, { epoch, incarnation, tick }) => {
        const readColumns = await readingSlots(read, plan.workspace)
        await gatherCohorts(readColumns, plan.workspace, plan)
        const rows = await answerOf(readColumns, plan)
        const watermark = sealWatermark(key, plan.workspace, { incarnation, epoch, tick, revisions: plan.revisions })
        return { ...rows, watermark }
      }),
    watermark: (workspace, revisions) =>
      reading("watermark", workspace, async (_, { epoch, incarnation, tick }) =>
        sealWatermark(key, workspace, { incarnation, epoch, tick, revisions })
      ),
    currencies: (workspace, fromMillis, toMillis) =>
      reading("currencies", workspace, async (read) => {
        const rows = await read(
          `select distinct currency from store.payments where workspace = ${quote(workspace)}
           and currency is not null and time_ms >= ${fromMillis} and time_ms < ${toMillis} order by 1`
        )
        return rows.map((row) => String(row["currency"]))
      }),
    eventTypes: (workspace) =>
      reading("eventTypes", workspace, async (read) => {
        const rows = await read(
          `select event_type, count(*)::bigint as events from store.events where workspace = ${quote(workspace)}
           group by 1 order by events desc, event_type limit ${listedEventTypesMax}`
        )
        return rows.map((row) => ({ event_type: String(row["event_type"]), events: Number(row["events"]) }))
      }),
    names: (workspace, kind) =>
      reading("names", workspace, async (read) => {
        const rows = await read(
          `select name from store.names where workspace = ${quote(workspace)} and kind = ${quote(kind)} order by name`
        )
        return rows.map((row) => String(row["name"]))
      }),
    places: (request) =>
      reading("places", request.workspace, async (read) => (await read(placesText(request))).map(eventPlace)),
    scan: (request) =>
      reading("scan", request.workspace, async (read) => {
        const rows = await read(scanText(request))
        return rows.map((row) => scannedValues(row, request.columns))
      }),
    placeOf: (workspace, eventId) =>
      reading("placeOf", workspace, async (read) => (await read(placeOfText(workspace, eventId))).map(eventPlace)[0])
  }
}
