import { isMoney } from "../../ports/analytics/TrendPlan.ts"
import type { MetricValue, PlanRow, TrendPlan, TrendRows } from "../../ports/analytics/TrendPlan.ts"
import { unset } from "./conditionText.ts"
import type { Read } from "./Engine.ts"
import { readPersonRows } from "./personRows.ts"
import { deriveSessions } from "./session.ts"
import { answerText, gatherText, leftOutText, metricsOf, sourcesOf, topText, trendPeopleText } from "./trendText.ts"

export const answerTrend = async (read: Read, plan: TrendPlan): Promise<TrendRows> => {
  const names = plan.breakdown.map((_, index) => `g${index}`)
  const sources = sourcesOf(plan)
  const sessions = plan.metrics.find((metric) => metric.kind === "sessions")
  const derived = sessions !== undefined && (await deriveSessions(read, { ...plan, limits: sessions.limits }))
  for (const source of sources) await read(gatherText(plan, source, derived))
  const given = plan.groups?.map((values) => values.map((value) => value ?? unset))
  const top = plan.breakdown.length === 0 || given !== undefined ? [] : await read(topText(plan))
  const groups = given ?? top.slice(0, plan.top).map((row) => names.map((name) => String(row[name])))
  // The values of other sources are those of events, where there are any.
  const isAll = given === undefined && plan.skip === 0 && top.length <= plan.top
  const rows = new Map<string, { bucket: PlanRow["bucket"]; group: PlanRow["group"]; values: Array<MetricValue> }>()
  for (const source of sources) {
    const metrics = metricsOf(plan, source)
    for (const row of await read(
      answerText(plan, source, groups, isAll && (sources.length === 1 || source === "events"))
    )) {
      const bucket = row["bucket"] === null ? undefined : Number(row["bucket"])
      const group =
        row["grp"] === null ? undefined : Number(row["grp"]) === -1 ? ("other" as const) : Number(row["grp"])
      const key = `${bucket}|${group}`
      const found = rows.get(key) ?? { bucket, group, values: plan.metrics.map(emptyValue) }
      for (const { index } of metrics) found.values[index] = metricValue(row[`m${index}`])
      rows.set(key, found)
    }
  }
  const asked = plan.uncertain === true ? trendPeopleText(plan, groups) : undefined
  return {
    ...(asked === undefined ? {} : { people: await readPersonRows(read, asked.rows, asked.measures) }),
    groups: groups.map((values) => values.map((value) => (value === unset ? null : value))),
    more: top.length > plan.top,
    rows: [...rows.values()],
    leftOut: await readLeftOut(read, plan)
  }
}

const readLeftOut = async (read: Read, plan: TrendPlan): Promise<TrendRows["leftOut"]> =>
  plan.unconverted.length === 0 || !plan.metrics.some(isMoney)
    ? []
    : (await read(leftOutText(plan))).map((row) => ({
        currency: String(row["currency"]),
        orders: Number(row["orders"]),
        minor: BigInt(row["minor"] as bigint)
      }))

const emptyValue = (metric: TrendPlan["metrics"][number]): MetricValue =>
  metric.kind === "average" ||
  metric.kind === "average_order_value" ||
  metric.kind === "minimum" ||
  metric.kind === "maximum" ||
  metric.kind === "people_share"
    ? null
    : metric.kind === "sum"
      ? 0
      : 0n

const metricValue = (value: unknown): MetricValue =>
  typeof value === "bigint" || typeof value === "number" ? value : null
