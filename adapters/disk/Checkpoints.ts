import * as fs from "node:fs"
import { join } from "node:path"
import { PortFailure } from "../../ports/PortFailure.ts"
import { decodePlace, syncFolder } from "./Segments.ts"

const fileOf = (folder: string, consumer: string, partition: string): string =>
  join(folder, `${encodeURIComponent(consumer)}.${encodeURIComponent(partition)}`)

/** `undefined` where there is none: the consumer begins at the oldest line, for it may be given lines again. */
export const readCheckpoint = (folder: string, consumer: string, partition: string): string | undefined => {
  const file = fileOf(folder, consumer, partition)
  let text: string
  try {
    text = fs.readFileSync(file, "utf8").trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
  if (decodePlace(text) !== undefined) return text
  throw new PortFailure({
    port: "EventLog",
    operation: "checkpoint",
    reason: "corrupt",
    detail: `${file} holds no checkpoint: remove it, and ${consumer} begins at the oldest line again`
  })
}

/** Written beside and renamed over: a reader after a crash sees the old checkpoint or the new one, never half. */
export const writeCheckpoint = (folder: string, consumer: string, partition: string, through: string): void => {
  const file = fileOf(folder, consumer, partition)
  const beside = `${file}.new`
  const descriptor = fs.openSync(beside, "w", 0o600)
  try {
    fs.writeSync(descriptor, `${through}\n`)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(beside, file)
  syncFolder(folder)
}
