import { setImmediate } from "node:timers/promises"
import { attributionTouchesMax } from "../../ports/analytics/AttributionPlan.ts"
import type { AttributionPlan, AttributionRows } from "../../ports/analytics/AttributionPlan.ts"
import {
  attributionConversionsText,
  attributionCreditsText,
  attributionEventsText,
  attributionLeftOutText,
  attributionPeopleText,
  attributionTouchesText,
  sessionTouchesText,
  touchSpansText
} from "./attributionText.ts"
import type { TouchRange } from "./attributionText.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import { deriveSessions } from "./session.ts"

const rowsPerTurn = 2000

/** A list of any length, a piece at a time: between two of them the event loop runs. */
const mapRows = async <A>(rows: ReadonlyArray<Row>, of: (row: Row) => A): Promise<ReadonlyArray<A>> => {
  const mapped: Array<A> = []
  for (let at = 0; at < rows.length; at += rowsPerTurn) {
    for (const row of rows.slice(at, at + rowsPerTurn)) mapped.push(of(row))
    await setImmediate()
  }
  return mapped
}

const rangeOf = async (read: Read, table: string, from: string, to: string): Promise<TouchRange | undefined> => {
  const [row] = await read(`select min(${from}) as first, max(${to}) as last from ${table}`)
  const first = row?.["first"]
  return first === null || first === undefined
    ? undefined
    : { fromMillis: Number(first), toMillis: Number(row!["last"]) }
}

/** Makes `session_touches` for everybody who converted; whether there may be any. */
export const gatherTouches = async (read: Read, plan: AttributionPlan): Promise<boolean> => {
  await read(attributionPeopleText(plan))
  const range = await rangeOf(read, "attribution_people", "from_ms", "to_ms")
  if (range === undefined) return false
  const { limits, workspace } = plan
  const toMillis = range.toMillis + limits.maximumMillis + 1
  const derived = await deriveSessions(read, { workspace, limits, fromMillis: range.fromMillis, toMillis })
  await read(touchSpansText(plan, derived, range))
  const spans = await rangeOf(read, "session_spans", "start_ms", "end_ms")
  if (spans === undefined) return false
  await read(sessionTouchesText(plan, derived, spans))
  return true
}

export const answerAttribution = async (read: Read, plan: AttributionPlan): Promise<AttributionRows> => {
  const max = attributionTouchesMax + 1
  await read(attributionEventsText(plan))
  await read(attributionConversionsText)
  const credits = await read(attributionCreditsText(max))
  const touches = (await gatherTouches(read, plan)) ? await read(attributionTouchesText(plan, max)) : []
  return {
    credits: await mapRows(credits, (row) => ({
      conversion: row["conversion"] === null ? undefined : Number(row["conversion"]),
      amount: row["amount"] === null ? null : BigInt(row["amount"] as bigint),
      refund: row["refund"] === true,
      person: BigInt(row["person"] as bigint)
    })),
    touches: await mapRows(touches, (row) => ({
      conversion: Number(row["conversion"]),
      value: (row["value"] ?? null) as string | null,
      beforeMillis: Number(row["before"])
    })),
    tooMany: credits.length === max || touches.length === max,
    leftOut: (await read(attributionLeftOutText)).map((row) => ({
      currency: String(row["currency"]),
      orders: Number(row["orders"]),
      minor: BigInt(row["minor"] as bigint)
    })),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}
