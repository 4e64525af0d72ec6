import type { FunnelRow, FunnelRows } from "../../../ports/analytics/FunnelPlan.ts"
import type { FunnelGroup, FunnelStepResult } from "../../../ports/analytics/FunnelQuestion.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { significantDigits } from "../shapeAnswer.ts"
import type { PlannedFunnel } from "./planFunnel.ts"

const rounded = (value: number): number => Number(value.toPrecision(significantDigits))

const rateOf = (people: number, of: number): FunnelStepResult["from_start"] => {
  if (of === 0) return null
  const [low, high] = wilsonInterval(people, of)
  return { rate: rounded(people / of), interval: [rounded(low), rounded(high)] }
}

const timeOf = (
  { people, times }: FunnelRow,
  step: number,
  bins: ReadonlyArray<number>
): NonNullable<FunnelStepResult["time_to_convert"]> => {
  const { medianMillis, people: byBin, sumMillis } = times[step - 1]!
  return {
    mean_ms: people[step] === 0 ? null : rounded(Number(sumMillis) / people[step]!),
    median_ms: medianMillis === null ? null : rounded(medianMillis),
    histogram: bins.map((from_ms, bin) => ({ from_ms, to_ms: bins[bin + 1] ?? null, people: byBin[bin]! }))
  }
}

const groupOf = ({ plan, stepNames }: PlannedFunnel, row: FunnelRow): FunnelGroup => ({
  steps: stepNames.map((name, step) => ({
    name,
    people: row.people[step]!,
    from_start: rateOf(row.people[step]!, row.people[0]!),
    from_previous: rateOf(row.people[step]!, row.people[Math.max(0, step - 1)]!),
    ...(step === 0 ? {} : { time_to_convert: timeOf(row, step, plan.binStartsMillis) })
  })),
  open: row.open,
  small: row.people[0]! < smallGroupPeople
})

const emptyRow = ({ binStartsMillis, steps }: PlannedFunnel["plan"]): FunnelRow => ({
  group: undefined,
  people: steps.map(() => 0),
  times: steps.slice(1).map(() => ({ sumMillis: 0n, medianMillis: null, people: binStartsMillis.map(() => 0) })),
  open: 0
})

/** Rows of the store as the answer of a funnel. */
export const shapeFunnel = (planned: PlannedFunnel, { groups, rows }: FunnelRows) => {
  const together = rows.find((row) => row.group === undefined) ?? emptyRow(planned.plan)
  const other = rows.find((row) => row.group === "other")
  return {
    ...groupOf(planned, together),
    groups: [
      ...groups.map((value, index) => ({
        value,
        ...groupOf(
          planned,
          rows.find((row) => row.group === index)!
        )
      })),
      ...(other === undefined ? [] : [{ other: true as const, ...groupOf(planned, other) }])
    ]
  }
}
