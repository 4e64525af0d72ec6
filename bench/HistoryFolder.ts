import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { segmentFile } from "../adapters/disk/Segments.ts"
import { filesOf } from "../adapters/dataFiles.ts"
import { schemaVersion } from "../adapters/duckdb/schema.ts"
import { historyLines } from "./historyLines.ts"
import { startService, waitUntilIndexed } from "./Service.ts"
import type { Service } from "./Service.ts"

/** Changes whenever the lines do: folders of another version, of lines or of tables, are made anew. */
const historyVersion = 1
const segmentBytes = 64 * 1024 * 1024
const linesAtOnce = 10_000
const indexMillisMax = 3 * 60 * 60 * 1000

const writeSegments = (folder: string, lines: Iterable<string>): void => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  let segment = 1
  let descriptor = fs.openSync(segmentFile(folder, segment), "w", 0o600)
  let written = 0
  let texts: Array<string> = []
  const flush = () => {
    written += fs.writeSync(descriptor, texts.join(""))
    texts = []
    if (written < segmentBytes) return
    fs.closeSync(descriptor)
    segment += 1
    written = 0
    descriptor = fs.openSync(segmentFile(folder, segment), "w", 0o600)
  }
  for (const line of lines) {
    texts.push(`${line}\n`)
    if (texts.length >= linesAtOnce) flush()
  }
  flush()
  fs.fsyncSync(descriptor)
  fs.closeSync(descriptor)
}

/** What a folder holds, under a name that changes whenever it does. */
export interface FolderContents {
  readonly name: string
  readonly lines: () => Iterable<string>
  /** What else stands in it, before there are events. */
  readonly prepare?: (service: Service) => Promise<void>
  /** What is changed in its files while no service runs on them. */
  readonly amend?: (folder: string) => void
}

/**
 * A data folder: the log as ingestion would have written it, indexed by the service itself. Kept between runs.
 */
export const keptFolder = async ({ amend, lines, name, prepare }: FolderContents): Promise<string> => {
  const folder = join(tmpdir(), "broxiva-bench", name)
  const mark = join(folder, "complete")
  if (fs.existsSync(mark)) return folder
  fs.rmSync(folder, { recursive: true, force: true })
  process.stderr.write(`making the folder ${name} …\n`)
  // The first start makes the keys, without which no log is read.
  const first = await startService(folder)
  await prepare?.(first)
  await first.kill("SIGTERM")
  amend?.(folder)
  writeSegments(filesOf(folder).log, lines())
  const service = await startService(folder, indexMillisMax)
  await waitUntilIndexed(service)
  await service.kill("SIGTERM")
  fs.writeFileSync(mark, "")
  return folder
}

/** A year of events. */
export const historyFolder = (events: number): Promise<string> =>
  keptFolder({
    name: `history-${historyVersion}.${schemaVersion}-${events}`,
    lines: () => historyLines(events)
  })

/** A copy that may be written to. Closed segments are never written to again, so that links to them are enough. */
export const copyOfHistory = async (
  events: number
): Promise<{ readonly folder: string; readonly remove: () => void }> => {
  const original = await historyFolder(events)
  const folder = fs.mkdtempSync(join(tmpdir(), "broxiva-bench", "copy-"))
  const [from, to] = [filesOf(original), filesOf(folder)]
  for (const name of ["events", "documents"] as const) fs.copyFileSync(from[name], to[name])
  fs.cpSync(dirname(from.rootKey), dirname(to.rootKey), { recursive: true })
  const segments = fs
    .readdirSync(from.log)
    .filter((name) => name.endsWith(".log"))
    .toSorted()
  fs.mkdirSync(to.log, { mode: 0o700 })
  for (const name of segments.slice(0, -1)) fs.linkSync(join(from.log, name), join(to.log, name))
  for (const name of fs.readdirSync(from.log).filter((each) => !segments.slice(0, -1).includes(each)))
    fs.cpSync(join(from.log, name), join(to.log, name), { recursive: true })
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}
