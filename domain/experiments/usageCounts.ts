import type { VariantUsage } from "../../ports/experiments/FlagUsage.ts"

export const hourMillis = 3_600_000

/** Begin of the hour of an instant, in ms UTC. */
export const hourOf = (millis: number): number => Math.floor(millis / hourMillis) * hourMillis

/** Counts of several times as one, most served first. */
export const summed = (...all: ReadonlyArray<ReadonlyArray<VariantUsage>>): ReadonlyArray<VariantUsage> => {
  const counts = new Map<string | null, number>()
  for (const { evaluations, variant } of all.flat()) counts.set(variant, (counts.get(variant) ?? 0) + evaluations)
  return [...counts]
    .map(([variant, evaluations]) => ({ variant, evaluations }))
    .toSorted((a, b) => b.evaluations - a.evaluations || (String(a.variant) < String(b.variant) ? -1 : 1))
}
