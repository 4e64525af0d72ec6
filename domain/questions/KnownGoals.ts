import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"

/** Goals by id: what they are called, and which events are conversions. */
export type KnownGoals = ReadonlyMap<string, { readonly name: string; readonly conversions: PlanFilter }>
