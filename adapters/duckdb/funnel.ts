import type { FunnelPlan, FunnelRow, FunnelRows } from "../../ports/analytics/FunnelPlan.ts"
import { unset } from "./conditionText.ts"
import type { Read, Row } from "./Engine.ts"
import { funnelAttemptsText, funnelBestText, funnelEventsText, funnelGroupsText, funnelRowsText } from "./funnelText.ts"
import { newestArrival } from "./newestArrival.ts"

export const answerFunnel = async (read: Read, plan: FunnelPlan): Promise<FunnelRows> => {
  const asOfMillis = await newestArrival(read, plan.workspace)
  const rowsOf = async (one: FunnelPlan) => {
    for (const text of [funnelEventsText, funnelAttemptsText, funnelBestText]) await read(text(one))
    const groups = one.breakdown === undefined ? [] : (await read(funnelGroupsText(one))).map((row) => String(row["g"]))
    const rows = await read(funnelRowsText(one, groups, asOfMillis ?? 0))
    return { groups, rows: rows.map((row) => rowOf(one, row)) }
  }
  if (plan.breakdown === undefined) {
    const { rows } = await rowsOf(plan)
    return { groups: [], rows: rows.filter((row) => row.group === undefined), asOfMillis }
  }
  const { groups, rows } = await rowsOf(plan)
  const together = rows.filter((row) => row.group === undefined)
  // One who stands in several groups is one person among all.
  const everybody =
    plan.breakdownAt === "all"
      ? (await rowsOf({ ...plan, breakdown: undefined, breakdownAt: "first" })).rows.slice(0, 1)
      : together
  return {
    groups: groups.map((value) => (value === unset ? null : value)),
    rows: [
      ...everybody,
      ...rows.filter(({ group }) => typeof group === "number" || (group === "other" && plan.breakdownAt !== "all"))
    ],
    asOfMillis
  }
}

const rowOf = (plan: FunnelPlan, row: Row): FunnelRow => {
  const group = row["grp"] === null ? undefined : Number(row["grp"]) === -1 ? ("other" as const) : Number(row["grp"])
  return {
    group,
    people: plan.steps.map((_, step) => Number(row[`people${step}`])),
    times: plan.steps.slice(1).map((_, index) => {
      const step = index + 1
      const median = row[`median${step}`]
      return {
        sumMillis: BigInt((row[`sum${step}`] as bigint | null) ?? 0n),
        medianMillis: typeof median === "number" ? median : null,
        people: plan.binStartsMillis.map((_start, bin) => Number(row[`bin${step}_${bin}`]))
      }
    }),
    open: Number(row["open"])
  }
}
