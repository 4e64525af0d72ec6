import type { FunnelPlan, FunnelRow, FunnelRows } from "../../ports/analytics/FunnelPlan.ts"
import { unset } from "./conditionText.ts"
import type { Read, Row } from "./Engine.ts"
import { peopleShares, readEvents } from "./eventColumns.ts"
import {
  funnelAttemptsText,
  funnelBestText,
  funnelColumnsText,
  funnelEventsText,
  funnelGroupsText,
  funnelRowsText
} from "./funnelText.ts"
import { FunnelTally } from "./FunnelTally.ts"
import { newestArrival } from "./newestArrival.ts"
import { walkFunnel } from "./walkFunnel.ts"
import type { BestAttempt } from "./walkFunnel.ts"

export const answerFunnel = async (read: Read, plan: FunnelPlan): Promise<FunnelRows> => {
  const asOfMillis = await newestArrival(read, plan.workspace)
  const walked = isWalked(plan) ? await walkedRows(read, plan, asOfMillis ?? 0) : undefined
  return { ...(walked ?? (await joinedRows(read, plan, asOfMillis ?? 0))), asOfMillis }
}

type Answered = Omit<FunnelRows, "asOfMillis">

/** Bits of a code. */
const walkedStepsMax = 32
/** Values of a breakdown that are counted at once, each with all its times. */
const walkedGroupsMax = 10_000

/** Whether one walk along the events of each person tells all, which takes a fraction of the time of joins. */
const isWalked = ({ breakdownAt, exclusions, order, steps }: FunnelPlan): boolean =>
  order === "sequential" && exclusions.length === 0 && steps.length <= walkedStepsMax && breakdownAt !== "all"

/** None where the ids of events alone tell the order of two of them, or there are too many groups. */
const walkedRows = async (read: Read, plan: FunnelPlan, asOfMillis: number): Promise<Answered | undefined> => {
  const everybody = new FunnelTally(plan, asOfMillis)
  const groups = new Map<string, FunnelTally>()
  const shares = await peopleShares(read, plan.workspace, plan.fromMillis, plan.toMillis + plan.windowMillis)
  for (const share of shares) {
    const { events, other } = await readEvents(read, funnelColumnsText(plan, share))
    const take = (best: BestAttempt) => {
      everybody.add(best)
      if (plan.breakdown === undefined || groups.size > walkedGroupsMax) return
      const { furthest, places } = best
      const at = plan.breakdownAt === "last" ? furthest : plan.breakdownAt === "first" ? 0 : Number(plan.breakdownAt)
      const value = at <= furthest ? String(other(places[at]!)) : unset
      const group = groups.get(value) ?? new FunnelTally(plan, asOfMillis)
      groups.set(value, group)
      group.add(best)
    }
    for await (const lot of events.ordered()) {
      if (lot.ambiguous) return undefined
      await walkFunnel(lot, plan, take)
    }
    if (groups.size > walkedGroupsMax) return undefined
  }
  return groupedRows(plan, everybody, groups)
}

const groupedRows = (plan: FunnelPlan, everybody: FunnelTally, groups: ReadonlyMap<string, FunnelTally>): Answered => {
  // Texts by their bytes, as the engine sorts them.
  const ranked = [...groups].toSorted(
    ([left, one], [right, other]) => other.people - one.people || Buffer.compare(Buffer.from(left), Buffer.from(right))
  )
  const top = ranked.slice(0, plan.top)
  const behind = new FunnelTally(plan, 0)
  for (const [, group] of ranked.slice(plan.top)) behind.include(group)
  return {
    groups: top.map(([value]) => (value === unset ? null : value)),
    rows: [
      everybody.row(undefined),
      ...(ranked.length > plan.top ? [behind.row("other")] : []),
      ...top.map(([, group], index) => group.row(index))
    ]
  }
}

/** By joins of one step after the other: whatever the order of the steps, and with exclusions. */
const joinedRows = async (read: Read, plan: FunnelPlan, asOfMillis: number): Promise<Answered> => {
  const rowsOf = async (one: FunnelPlan) => {
    for (const text of [funnelEventsText, funnelAttemptsText, funnelBestText]) await read(text(one))
    const groups = one.breakdown === undefined ? [] : (await read(funnelGroupsText(one))).map((row) => String(row["g"]))
    const rows = await read(funnelRowsText(one, groups, asOfMillis))
    return { groups, rows: rows.map((row) => rowOf(one, row)) }
  }
  const { groups, rows } = await rowsOf(plan)
  const together = rows.filter((row) => row.group === undefined)
  if (plan.breakdown === undefined) return { groups: [], rows: together }
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
    ]
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
