import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

export interface Load {
  readonly port: number
  /** Asked in turn where there are several. */
  readonly path: string | ReadonlyArray<string>
  readonly token: string
  readonly connections: number
  readonly seconds: number
  /** Tells the event ids of this run from those of others. */
  readonly run: number
  /** Every fifth event has an e-mail trait and a new person. */
  readonly personal: boolean
  /** Events in one request; 1: the event is the body. */
  readonly eventsPerRequest: number
  /** Sent in place of events. */
  readonly body?: NumberedBody
  /** Requests a second over all connections; as many as are answered where it is absent. */
  readonly perSecond?: number
}

/** A body in which each request has a number of its own. */
export interface NumberedBody {
  /** Contains `numberMark` once. */
  readonly text: string
  /** The numbers begin again after so many. */
  readonly count: number
}
export const numberMark = "##########"

export interface LoadResult {
  readonly requests: number
  /** Answers other than 200. */
  readonly refused: number
  readonly perSecond: number
  /** ms */
  readonly p50: number
  readonly p99: number
  readonly worst: number
  /** p99 of how late the sender's own timers sent, ms; a part of the times above, and 0 without `perSecond`. */
  readonly senderLate: number
  /** Time that the sender's own thread was busy, 0 to 1: near 1 it would be what is measured. */
  readonly senderBusy: number
}

/** The sender of requests, a process of its own, the same for every target. */
export interface LoadGenerator {
  readonly run: (load: Load) => Promise<LoadResult>
  readonly stop: () => void
}

export const startLoadGenerator = (): LoadGenerator => {
  const child: ChildProcess = fork(join(import.meta.dirname, "sendLoad.ts"), { stdio: "inherit" })
  return {
    run: async (load) => {
      child.send(load)
      const [result] = (await once(child, "message")) as [LoadResult]
      return result
    },
    stop: () => void child.kill()
  }
}
