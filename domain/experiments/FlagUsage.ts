import { Clock, Context, Effect, Layer, Metric, Schedule, Semaphore } from "effect"
import type { Cause } from "effect"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import type { EvaluationReason } from "../../ports/experiments/Evaluation.ts"
import {
  FlagUsage,
  flagUsage,
  usageDelayMillis,
  usageHeldMax,
  usageKeptDays
} from "../../ports/experiments/FlagUsage.ts"
import type { UsageOfHour } from "../../ports/experiments/FlagUsage.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { hourMillis, hourOf, summed } from "./usageCounts.ts"

const evaluated = Metric.counter("marketing_feature_flags_evaluated_total", {
  description: "Flags evaluated, singly or among many, by reason",
  incremental: true
})
const counterOf = (reason: EvaluationReason) => fromZero(Metric.withAttributes(evaluated, { reason }))
const counters: Readonly<Record<EvaluationReason, ReturnType<typeof counterOf>>> = {
  STATIC: counterOf("STATIC"),
  DEFAULT: counterOf("DEFAULT"),
  TARGETING_MATCH: counterOf("TARGETING_MATCH"),
  SPLIT: counterOf("SPLIT"),
  DISABLED: counterOf("DISABLED"),
  ERROR: counterOf("ERROR"),
  UNKNOWN: counterOf("UNKNOWN")
}
const noServices: Context.Context<never> = Context.empty()

/** Counts of an hour that are not written yet. */
interface Waiting extends Omit<UsageOfHour, "variants"> {
  readonly workspace: WorkspaceId
  readonly counts: Map<string | null, number>
}

/** By workspace, environment, hour and flag. */
class HeldCounts {
  size = 0
  readonly #hours = new Map<string, Map<string, Waiting>>()
  /** Nearly always it is that of the evaluation before. */
  #last: Pick<Waiting, "workspace" | "environment" | "hour"> | undefined
  #flags = new Map<string, Waiting>()

  add(of: Omit<Waiting, "counts">, variant: string | null, evaluations: number): void {
    const flags = this.#flagsOf(of)
    const known = flags.get(of.flag)
    if (known !== undefined) {
      known.counts.set(variant, (known.counts.get(variant) ?? 0) + evaluations)
    } else if (this.size < usageHeldMax) {
      this.size += 1
      flags.set(of.flag, { ...of, counts: new Map([[variant, evaluations]]) })
    }
  }

  #flagsOf({ environment, hour, workspace }: Omit<Waiting, "counts">): Map<string, Waiting> {
    const last = this.#last
    if (last?.workspace === workspace && last.environment === environment && last.hour === hour) return this.#flags
    const id = `${workspace}/${environment}/${hour}`
    this.#last = { workspace, environment, hour }
    this.#flags = this.#hours.get(id) ?? new Map<string, Waiting>()
    this.#hours.set(id, this.#flags)
    return this.#flags
  }

  all(): ReadonlyArray<Waiting> {
    return [...this.#hours.values()].flatMap((flags) => [...flags.values()])
  }
}

const variantsOf = ({ counts }: Waiting): UsageOfHour["variants"] =>
  [...counts].map(([variant, evaluations]) => ({ variant, evaluations }))

const logWaiting = (cause: Cause.Cause<unknown>) =>
  Effect.logWarning("usage of flags is not written yet and is tried again", cause)

/** Adds counts to what stands of each hour. */
const write = Effect.fnUntraced(function* (workspace: WorkspaceId, some: ReadonlyArray<Waiting>) {
  const documents = yield* DocumentStore
  const writes = yield* Effect.forEach(some, (waiting) => {
    const { environment, flag, hour } = waiting
    const id = `${environment}/${flag}/${hour}`
    return Effect.map(documents.get(workspace, flagUsage.name, id), (stands): DocumentWrite => {
      const before = (stands?.data as UsageOfHour | undefined)?.variants ?? []
      const data: UsageOfHour = { environment, flag, hour, variants: summed(before, variantsOf(waiting)) }
      const expires_at = hour + hourMillis + usageKeptDays * 24 * hourMillis
      const kept = { collection: flagUsage.name, id, expected: stands?.revision ?? 0, subjects: [], expires_at }
      return { kind: "put", schema_version: 1, ...kept, data }
    })
  })
  yield* documents.commit(workspace, { writes })
})

/** Sums in memory, written every so often and at the end. */
export const layer: Layer.Layer<FlagUsage, never, DocumentStore> = Layer.effect(
  FlagUsage,
  Effect.gen(function* () {
    const services = yield* Effect.context<DocumentStore>()
    const clock = yield* Clock.Clock
    const writing = yield* Semaphore.make(1)
    let held = new HeldCounts()

    const putBack = (some: ReadonlyArray<Waiting>) => {
      for (const { counts, ...waiting } of some) {
        for (const [variant, evaluations] of counts) held.add(waiting, variant, evaluations)
      }
    }
    const writeSome = (workspace: WorkspaceId, some: ReadonlyArray<Waiting>) =>
      write(workspace, some).pipe(
        // Another process counts the same hour.
        Effect.retry({ while: ({ _tag }) => _tag === "StaleRevision", times: 5 }),
        Effect.provideContext(services),
        Effect.tapCause(() => Effect.sync(() => putBack(some))),
        Effect.catchCause(logWaiting)
      )
    const writeAll = writing.withPermits(1)(
      Effect.suspend(() => {
        const all = held.all()
        held = new HeldCounts()
        const chunks = [...Map.groupBy(all, ({ workspace }) => workspace)].flatMap(([workspace, hours]) =>
          Array.from({ length: Math.ceil(hours.length / commitWritesMax) }, (_, at) => {
            const from = at * commitWritesMax
            return { workspace, some: hours.slice(from, from + commitWritesMax) }
          })
        )
        return Effect.forEach(chunks, ({ some, workspace }) => writeSome(workspace, some), { discard: true })
      })
    )
    yield* Effect.addFinalizer(() => writeAll)
    yield* Effect.forkScoped(Effect.repeat(writeAll, Schedule.spaced(usageDelayMillis)))

    return FlagUsage.of({
      note: (workspace, environment, { key, reason, variant }) => {
        counters[reason].updateUnsafe(1, noServices)
        held.add({ workspace, environment, flag: key, hour: hourOf(clock.currentTimeMillisUnsafe()) }, variant, 1)
      },
      report: (workspace, environment, flag, variant, evaluations, atMillis) =>
        held.add({ workspace, environment, flag, hour: hourOf(atMillis) }, variant, evaluations)
    })
  })
)
