import * as fs from "node:fs"
import { join } from "node:path"
import { syncFolder } from "./Segments.ts"

const fileOf = (folder: string, consumer: string, partition: string): string =>
  join(folder, `${encodeURIComponent(consumer)}.${encodeURIComponent(partition)}`)

export const readCheckpoint = (folder: string, consumer: string, partition: string): string | undefined => {
  try {
    return fs.readFileSync(fileOf(folder, consumer, partition), "utf8").trim() || undefined
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
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
