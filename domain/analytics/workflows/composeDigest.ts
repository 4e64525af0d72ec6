import { Effect } from "effect"
import { dashboards, tilesAtOnceMax } from "../../../ports/analytics/Dashboard.ts"
import type { Dashboard } from "../../../ports/analytics/Dashboard.ts"
import type { Digest, DigestPreview } from "../../../ports/analytics/Digest.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Insight } from "../../../ports/analytics/Insight.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { formatDay } from "../../zones/zones.ts"
import { answerBlocks, rowsTable, totalsTable } from "../digests/answerBlocks.ts"
import { periodBefore } from "../digests/digestSchedule.ts"
import { composeMail } from "../mail/mailText.ts"
import type { MailBlock } from "../mail/mailText.ts"
import { askAny } from "./askAny.ts"
import { askQuestion } from "./askQuestion.ts"
import { singlePeopleIn } from "./singlePeople.ts"

const topRows = 5
const breakdowns = [
  { title: "Top pages", column: "Page", dimension: "path", event_types: ["page_view"] },
  { title: "Top channels", column: "Channel", dimension: "channel" },
  { title: "Top countries", column: "Country", dimension: "country" }
] as const

interface Period {
  readonly from: string
  readonly to: string
}

/** The period's numbers against those of the period before. */
const numberBlocks = Effect.fnUntraced(function* (workspace: WorkspaceId, date_range: Period) {
  const asked = { date_range, compare: "previous_period" as const }
  const numbers = yield* askQuestion(workspace, {
    ...asked,
    metrics: ["people", "sessions", "events", "orders", "revenue"]
  })
  const hasOrders = [numbers.totals, numbers.previous?.totals].some((each) => Number(each?.["orders"] ?? 0) > 0)
  const metrics = ["people", "sessions", "events", ...(hasOrders ? ["orders", "revenue"] : [])]
  const blocks: Array<MailBlock> = [totalsTable(numbers, metrics)]
  for (const { column, dimension, title, ...rest } of breakdowns) {
    const events = "event_types" in rest ? { event_types: rest.event_types } : {}
    const result = yield* askQuestion(workspace, {
      ...asked,
      ...events,
      metrics: ["people"],
      dimensions: [dimension],
      pagination: { limit: topRows }
    })
    const table = rowsTable({ ...result, rows: result.rows.filter(({ other }) => other !== true) }, column, "people")
    if (table !== undefined) blocks.push({ kind: "heading", text: title }, table)
  }
  return blocks
})

/** A tile's answer; one that fails, or would send single people by mail, says so in its own place. */
const tileBlocks = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { insight, title }: Dashboard["tiles"][number]
) {
  const { item } = yield* readItem<Insight>(insights, workspace, insight)
  const name = title ?? item.name
  const instead = (text: string): ReadonlyArray<MailBlock> => [
    { kind: "heading", text: name },
    { kind: "paragraph", text }
  ]
  const single = yield* singlePeopleIn(workspace, item.question)
  if (single !== undefined) return instead("This insight shows single people, who are not sent by mail.")
  return yield* askAny(workspace, item.question).pipe(
    Effect.map((answer) => answerBlocks(answer, name)),
    Effect.catchTag("InvalidQuestion", ({ errors }) =>
      Effect.succeed(
        instead(`This insight could not be answered: ${errors[0]?.detail ?? "its question is not valid"}.`)
      )
    )
  )
})

const dashboardBlocks = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const { item } = yield* readItem<Dashboard>(dashboards, workspace, id)
  const tiles = yield* Effect.forEach(item.tiles, (tile) => tileBlocks(workspace, tile), {
    concurrency: tilesAtOnceMax
  })
  const blocks = tiles.flat()
  const nothing: MailBlock = { kind: "paragraph", text: "The dashboard has no tiles." }
  return blocks.length > 0 ? blocks : [nothing]
})

/** What a digest says at a time of its schedule. */
export const composeDigest = Effect.fn("composeDigest")(function* (
  workspace: WorkspaceId,
  { contents, name, schedule }: Digest,
  atMillis: number
) {
  const { time_zone: zone, week_start: weekStart } = (yield* SettingsSource).current(workspace)
  const days = periodBefore(schedule, { zone, weekStart }, atMillis)
  const period: Period = { from: formatDay(days.from), to: formatDay(days.to) }
  const blocks =
    contents.kind === "numbers"
      ? yield* numberBlocks(workspace, period)
      : yield* dashboardBlocks(workspace, contents.dashboard)
  const when = `${period.from} to ${period.to}`
  const compared = contents.kind === "numbers" ? `, compared with the ${schedule.every} before` : ""
  const preview: DigestPreview = {
    ...period,
    time_zone: zone,
    subject: `${name}: ${contents.kind === "numbers" ? when : period.to}`,
    ...composeMail(name, [
      ...(contents.kind === "numbers"
        ? [{ kind: "paragraph" as const, text: `${when}, days of ${zone}${compared}.` }]
        : []),
      ...blocks,
      {
        kind: "paragraph",
        text: `You get this each ${schedule.every} because your address is a recipient of the digest “${name}”; whoever manages it can take it off.`
      }
    ])
  }
  return preview
})
