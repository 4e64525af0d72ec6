import { open, rm } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { PortFailure } from "../../../ports/PortFailure.ts"

interface Batch {
  readonly partition: string
  readonly from: string
  readonly through: string
  readonly lines: ReadonlyArray<string>
}

/** Lines that are joined at once: some milliseconds, then the event loop runs. */
const sliceLines = 2000

/** `received_at` of a stored line. */
const receivedAt = (line: string): number => Number(/"received_at":(\d{1,16})[,}]/.exec(line)?.[1] ?? 0)

/** What is handed to a writing. */
export interface Handed {
  readonly scratch: string
  readonly positions: Readonly<Record<string, string>>
  readonly receivedMicros: number
}

/** Lines that were taken from the log and are in no file yet: lost with the process, and taken again. */
export class Staged {
  readonly #folder: string
  #handle: FileHandle | undefined
  #number = 0
  #begins: Record<string, string> = {}
  #through: Record<string, string> = {}
  #receivedMicros = 0
  bytes = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  get #scratch(): string {
    return join(this.#folder, `lines-${this.#number}.ndjson`)
  }

  /** `position`: how far the lake is in the batch's partition. */
  async add(batch: Batch, position: string | undefined): Promise<void> {
    const { from, lines, partition, through } = batch
    if (from !== this.#through[partition]) {
      const begin = position ?? this.#begins[partition]
      if (begin !== undefined && from !== begin) throw missing(from)
      await this.discard()
      this.#begins[partition] = from
    }
    this.#handle ??= await open(this.#scratch, "w", 0o600)
    for (let at = 0; at < lines.length; at += sliceLines) {
      if (at > 0) await nextTurn()
      const text = lines.slice(at, at + sliceLines).map((line) => `${line}\n`)
      this.bytes += (await this.#handle.write(text.join(""))).bytesWritten
    }
    this.#through[partition] = through
    this.#receivedMicros = Math.max(this.#receivedMicros, receivedAt(lines.at(-1) ?? ""))
  }

  /** Closes what is staged and begins anew; `undefined` where nothing is. */
  async hand(): Promise<Handed | undefined> {
    if (this.#handle === undefined) return undefined
    const handed = { scratch: this.#scratch, positions: this.#through, receivedMicros: this.#receivedMicros }
    await this.#handle.close()
    this.#reset()
    return handed
  }

  async discard(): Promise<void> {
    const scratch = this.#scratch
    await this.#handle?.close()
    this.#reset()
    await rm(scratch, { force: true })
  }

  #reset(): void {
    this.#handle = undefined
    this.#number += 1
    this.#through = {}
    this.bytes = 0
  }
}

const missing = (from: string) =>
  new PortFailure({
    port: "EventLake",
    operation: "write",
    reason: "unavailable",
    detail: `the lines before ${from} are missing: go on behind the lake's position`
  })
