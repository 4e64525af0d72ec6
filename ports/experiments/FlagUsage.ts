import { Context, Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { Evaluation } from "./Evaluation.ts"

/** Days that the counts of an hour are kept. */
export const usageKeptDays = 90
/** Days that one question may span, and those of one that says nothing. */
export const usageDaysMax = 31
export const usageDaysUsual = 1
/** How long counts are held in memory: so much is lost to a process that is killed. */
export const usageDelayMillis = 5000
/** Hours of flags held in memory; evaluations of one more are told by a metric alone. */
export const usageHeldMax = 100_000

/** Evaluations of one flag in one hour and environment. */
export const flagUsage: Collection = {
  name: "flag_usage",
  unique: [],
  indexes: [
    { name: "by_hour", equals: ["environment", "flag"], sort: "hour", direction: "ascending" },
    { name: "by_latest", equals: ["environment", "flag"], sort: "hour", direction: "descending" }
  ]
}

export const VariantUsage = Schema.Struct({
  /** `null`: the code's own default. */
  variant: Schema.NullOr(Schema.String),
  evaluations: Schema.Int
}).annotate({ identifier: "VariantUsage" })
export type VariantUsage = typeof VariantUsage.Type

/** What is kept of an hour. */
export interface UsageOfHour {
  readonly environment: string
  readonly flag: string
  /** Its begin, in ms UTC. */
  readonly hour: number
  readonly variants: ReadonlyArray<VariantUsage>
}

/** How often a flag was evaluated, singly or among many. Times in ms UTC; whole hours, `to` not included. */
export const FlagUsageAnswer = Schema.Struct({
  flag: Schema.String,
  environment: Schema.String,
  from: Schema.Int,
  to: Schema.Int,
  evaluations: Schema.Int,
  /** Most served first. */
  variants: Schema.Array(VariantUsage),
  /** Oldest first; without hours in which nobody asked. */
  hours: Schema.Array(Schema.Struct({ hour: Schema.Int, variants: Schema.Array(VariantUsage) }))
}).annotate({ identifier: "FlagUsage" })
export type FlagUsageAnswer = typeof FlagUsageAnswer.Type

/** Counts evaluations in memory, and writes the sums every few seconds. An orderly stop loses none. */
export class FlagUsage extends Context.Service<
  FlagUsage,
  {
    readonly note: (
      workspace: WorkspaceId,
      environment: string,
      evaluation: Pick<Evaluation, "key" | "variant" | "reason">
    ) => void
    /** Evaluations that a client made by itself and counted. */
    readonly report: (
      workspace: WorkspaceId,
      environment: string,
      flag: string,
      variant: string | null,
      evaluations: number,
      atMillis: number
    ) => void
  }
>()("ports/experiments/FlagUsage") {}
