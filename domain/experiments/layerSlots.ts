import { slotCount, slotsOf } from "../bucketing/sha256Buckets.ts"

export interface SlotRange {
  readonly from: number
  readonly to: number
}

/** Ranges of a layer that nobody has, in order. */
const freeRanges = (taken: ReadonlyArray<SlotRange>): ReadonlyArray<SlotRange> => {
  const free: Array<SlotRange> = []
  let at = 0
  for (const { from, to } of taken.toSorted((a, b) => a.from - b.from)) {
    if (from > at) free.push({ from: at, to: from })
    at = Math.max(at, to)
  }
  return at < slotCount ? [...free, { from: at, to: slotCount }] : free
}

/** Slots for a share of a layer, the first that are free; or how many percent there are. */
export const takeSlots = (
  percent: number,
  taken: ReadonlyArray<SlotRange>
): { readonly slots: ReadonlyArray<SlotRange> } | { readonly freePercent: number } => {
  const free = freeRanges(taken)
  let wanted = slotsOf(percent)
  const slots: Array<SlotRange> = []
  for (const { from, to } of free) {
    if (wanted === 0) break
    const end = Math.min(to, from + wanted)
    slots.push({ from, to: end })
    wanted -= end - from
  }
  return wanted === 0 ? { slots } : { freePercent: free.reduce((sum, { from, to }) => sum + to - from, 0) / 100 }
}
