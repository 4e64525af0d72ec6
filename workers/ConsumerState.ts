import { Cause, Result } from "effect"
import { PortFailure } from "../ports/PortFailure.ts"
import type { PartReason, PartState } from "../ports/platform/PartStates.ts"

/** A consumer whose oldest unread line is older than this is named as degraded. */
export const consumerLagMillisMax = 60_000

const pauseMillisFirst = 500
const pauseMillisMax = 5_000

/** Arrival of a stored line, ms UTC. */
const receivedAt = (line: string): number | undefined => {
  const found = /"received_at":(\d{1,17})/.exec(line)?.[1]
  return found === undefined ? undefined : Number(found) / 1000
}

/** What is known of a consumer in one partition: how far behind it is, and since when it fails. */
export class ConsumerState {
  readonly #startedAt: number
  readonly #isBackground: boolean
  #caughtUp = false
  #place: string | undefined
  #oldestUnreadAt: number | undefined
  #failing: { readonly reason: PartReason; readonly since: number; readonly attempts: number } | undefined

  constructor(startedAt: number, isBackground = false) {
    this.#startedAt = startedAt
    this.#isBackground = isBackground
  }

  /** Whether everything that the log held when the consumer started is taken. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** Checkpoint behind what was taken. */
  get place(): string | undefined {
    return this.#place
  }

  startFrom(place: string | undefined): string | undefined {
    this.#place = place
    return place
  }

  /** Nothing is left at the moment. */
  reachedEnd(): void {
    this.#caughtUp = true
  }

  /** Lines were read and are about to be taken. */
  reading(lines: ReadonlyArray<string>): void {
    this.#oldestUnreadAt = lines.length === 0 ? undefined : (receivedAt(lines[0]!) ?? this.#oldestUnreadAt)
    if ((this.#oldestUnreadAt ?? this.#startedAt) >= this.#startedAt) this.#caughtUp = true
  }

  /** Everything up to the place is taken. */
  took(through: string): string {
    this.#failing = undefined
    this.#oldestUnreadAt = undefined
    this.#place = through
    return through
  }

  /** Answers how long to pause before the next attempt. */
  failed(cause: Cause.Cause<PortFailure>, now: number): number {
    const attempts = this.#failing?.attempts ?? 0
    this.#failing = { reason: reasonOf(cause), since: this.#failing?.since ?? now, attempts: attempts + 1 }
    return Math.min(pauseMillisMax, pauseMillisFirst * 2 ** attempts)
  }

  lagMillis(now: number): number {
    return Math.max(0, now - Math.min(this.#oldestUnreadAt ?? now, this.#failing?.since ?? now))
  }

  partState(now: number): PartState {
    const { reason, since } = this.#failing ?? {}
    if (this.#isBackground) return reason === undefined ? { status: "ok" } : { status: "degraded", reason, since }
    if (!this.#caughtUp) return { status: "starting", reason: reason ?? "behind", since }
    if (reason !== undefined) return { status: "degraded", reason, since }
    const lag = this.lagMillis(now)
    return lag <= consumerLagMillisMax ? { status: "ok" } : { status: "degraded", reason: "behind", since: now - lag }
  }
}

/** What is no failure of a port is a bug. */
const reasonOf = (cause: Cause.Cause<PortFailure>): PartReason => {
  const failure = Cause.findError(cause)
  return Result.isSuccess(failure) && failure.success instanceof PortFailure ? failure.success.reason : "defect"
}
