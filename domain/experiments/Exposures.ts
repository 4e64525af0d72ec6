import { Clock, Context, Effect, Layer, Metric, Schedule, Semaphore } from "effect"
import type { Cause } from "effect"
import type { AnalyticsEvent } from "../../ports/analytics/AnalyticsEvent.ts"
import type { HeldOut, HoldoutGroup } from "../../ports/experiments/Evaluation.ts"
import { EventIntake, intakeEventsMax } from "../../ports/analytics/EventIntake.ts"
import {
  exposureDelayMillis,
  Exposures,
  exposuresIdleMillis,
  exposuresRememberedMax,
  exposuresWaitingMax
} from "../../ports/experiments/Exposures.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { exposureEvent, exposureKey, heldOutEvent, heldOutId, isNamed } from "./exposureEvents.ts"

const lost = Metric.counter("marketing_exposures_lost_total", {
  description: "Exposures that found no room to wait in, by experiment and variant",
  incremental: true
})
const written = Metric.counter("marketing_exposures_written_total", {
  description: "Exposures written as events",
  incremental: true
})

/** The last so many ids; the older half is forgotten at once. */
class Remembered {
  #young = new Set<string>()
  #old = new Set<string>()
  /** When one was asked for last, in ms UTC. */
  askedAt = 0

  /** Whether the id is new. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false
    if (this.#young.size >= exposuresRememberedMax / 2) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(id)
    return true
  }

  forget(id: string): void {
    this.#young.delete(id)
    this.#old.delete(id)
  }
}

/** From another address it may count where it did not: of an excluded network nothing is kept. */
const rememberedAs = (id: string, { ip }: Readonly<Record<string, unknown>>): string =>
  typeof ip === "string" ? `${id} ${ip}` : id

/** Half of the delay is left to the write itself, which is durable only at its end. */
const writeEveryMillis = exposureDelayMillis / 2

const logWaiting = (cause: Cause.Cause<unknown>) =>
  Effect.logWarning("exposures are not written yet and are tried again", cause)

/** A queue in memory, written every so often and at the end. */
export const layer: Layer.Layer<Exposures, never, EventIntake> = Layer.effect(
  Exposures,
  Effect.gen(function* () {
    const intake = yield* EventIntake
    const clock = yield* Clock.Clock
    const writing = yield* Semaphore.make(1)
    const remembered = new Map<WorkspaceId, Remembered>()
    const waiting = new Map<WorkspaceId, Array<AnalyticsEvent>>()

    const isNew = (workspace: WorkspaceId, id: string): boolean => {
      const known = remembered.get(workspace)
      const own = known ?? new Remembered()
      own.askedAt = clock.currentTimeMillisUnsafe()
      if (known === undefined) remembered.set(workspace, own)
      return own.add(id)
    }
    /** One workspace whose events the log does not take fills no other one's queue. */
    const isFull = (workspace: WorkspaceId): boolean => (waiting.get(workspace)?.length ?? 0) >= exposuresWaitingMax
    const push = (workspace: WorkspaceId, event: AnalyticsEvent) => {
      const queue = waiting.get(workspace)
      if (queue === undefined) waiting.set(workspace, [event])
      else queue.push(event)
    }
    const forgetIdle = Effect.sync(() => {
      const since = clock.currentTimeMillisUnsafe() - exposuresIdleMillis
      for (const [workspace, { askedAt }] of remembered) if (askedAt < since) remembered.delete(workspace)
    })
    const drop = (workspace: WorkspaceId, id: string, experiment: string, variant: string) => {
      remembered.get(workspace)?.forget(id)
      Metric.withAttributes(lost, { experiment, variant }).updateUnsafe(1, Context.empty())
    }

    const writeSome = Effect.fnUntraced(function* (workspace: WorkspaceId, events: Array<AnalyticsEvent>) {
      // What is being written still waits: it takes its room until the log has it.
      const some = events.slice(0, intakeEventsMax)
      yield* intake.record(workspace, some)
      events.splice(0, some.length)
      yield* Metric.update(written, some.length)
    })
    const writeAll = writing.withPermits(1)(
      Effect.suspend(() =>
        Effect.forEach(
          [...waiting],
          Effect.fnUntraced(function* ([workspace, events]) {
            while (events.length > 0) yield* writeSome(workspace, events)
            waiting.delete(workspace)
          }, Effect.catchCause(logWaiting)),
          { discard: true }
        )
      )
    )
    yield* Effect.addFinalizer(() => writeAll)
    yield* Effect.forkScoped(Effect.repeat(writeAll, Schedule.spaced(writeEveryMillis)))
    yield* Effect.forkScoped(Effect.repeat(forgetIdle, Schedule.spaced(exposuresIdleMillis)))

    return Exposures.of({
      note: ({ attributes, workspace }, { assignment, compared, heldOut }) => {
        if (assignment !== null && assignment.from !== "forced" && isNamed(assignment, attributes)) {
          const id = rememberedAs(exposureKey(assignment), attributes)
          if (isNew(workspace, id)) {
            if (isFull(workspace)) drop(workspace, id, assignment.experiment, assignment.variant)
            else push(workspace, exposureEvent(assignment, attributes, clock.currentTimeMillisUnsafe()))
          }
        }
        const noteHoldout = (unit: HeldOut, group: HoldoutGroup) => {
          if (!isNamed(unit, attributes)) return
          const id = rememberedAs(heldOutId(unit, group), attributes)
          if (!isNew(workspace, id)) return
          if (isFull(workspace)) drop(workspace, id, unit.experiment ?? "", unit.holdout)
          else push(workspace, heldOutEvent(unit, group, attributes, clock.currentTimeMillisUnsafe()))
        }
        if (heldOut !== null) noteHoldout(heldOut, "held_out")
        for (const unit of compared) noteHoldout(unit, "compared")
      }
    })
  })
)
