import * as fs from "node:fs"
import { join } from "node:path"
import { encodePlace, listSegments, segmentFile, syncFolder, wholeLinesLength } from "./Segments.ts"

const chunkBytes = 4 * 1024 * 1024
/** A tail that a failed write left behind is cut and written anew: what was copied of it is copied again. */
const triesMax = 5
const newline = 10

export interface LogCopy {
  readonly segments: number
  readonly lines: number
  readonly bytes: number
  /** Place behind the last copied line. */
  readonly through: string
}

/**
 * Copies a log that another process may be writing to: checkpoints first, so that none is ahead of the lines, then
 * every segment that is there now, each as far as it is durable. Segments that retention drops meanwhile are left out.
 */
export const copyLog = (from: string, to: string): LogCopy => {
  copyCheckpoints(join(from, "checkpoints"), join(to, "checkpoints"))
  const segments = listSegments(from)
  const copied: Array<{ readonly segment: number; readonly lines: number; readonly bytes: number }> = []
  for (const segment of segments) {
    const part = copySegment(from, to, segment, segment === segments.at(-1))
    if (part !== undefined) copied.push({ segment, ...part })
    // Dropped since it was listed, and so are those before it: a log has no holes.
    else for (const { segment: older } of copied.splice(0)) fs.unlinkSync(segmentFile(to, older))
  }
  syncFolder(to)
  const last = copied.at(-1)
  return {
    segments: copied.length,
    lines: copied.reduce((sum, { lines }) => sum + lines, 0),
    bytes: copied.reduce((sum, { bytes }) => sum + bytes, 0),
    through: encodePlace({ segment: last?.segment ?? 1, offset: last?.bytes ?? 0 })
  }
}

const copyCheckpoints = (from: string, to: string): void => {
  fs.mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const name of fs.existsSync(from) ? fs.readdirSync(from) : []) {
    // Being written: its final name holds the checkpoint before.
    if (!name.endsWith(".new")) fs.cpSync(join(from, name), join(to, name))
  }
}

const copySegment = (from: string, to: string, segment: number, newest: boolean) => {
  const source = openIfThere(from, segment)
  if (source === undefined) return undefined
  const target = fs.openSync(segmentFile(to, segment), "wx+", 0o600)
  try {
    for (let tries = 0; tries < triesMax; tries += 1) {
      fs.fdatasyncSync(source)
      const size = fs.fstatSync(source).size
      fs.ftruncateSync(target, 0)
      copyBytes(source, target, size)
      if (newest) fs.ftruncateSync(target, wholeLinesLength(segmentFile(to, segment)))
      fs.fsyncSync(target)
      const bytes = fs.fstatSync(target).size
      const lines = linesOfEqual(source, target, bytes)
      if (lines !== undefined) return { lines, bytes }
    }
    throw new Error(`segment ${segment} of the log changed while it was copied, ${triesMax} times`)
  } finally {
    fs.closeSync(source)
    fs.closeSync(target)
  }
}

/** `undefined` where retention has dropped the segment since it was listed. */
const openIfThere = (folder: string, segment: number): number | undefined => {
  try {
    return fs.openSync(segmentFile(folder, segment), "r")
  } catch (cause) {
    const dropped = (cause as NodeJS.ErrnoException).code === "ENOENT" && segment < (listSegments(folder)[0] ?? 0)
    if (dropped) return undefined
    throw cause
  }
}

const readChunk = (descriptor: number, buffer: Buffer, position: number, end: number): Buffer => {
  let read = 0
  const length = Math.min(buffer.length, end - position)
  while (read < length) {
    const count = fs.readSync(descriptor, buffer, read, length - read, position + read)
    if (count === 0) break
    read += count
  }
  return buffer.subarray(0, read)
}

const copyBytes = (source: number, target: number, size: number): void => {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let position = 0; position < size;) {
    const chunk = readChunk(source, buffer, position, size)
    if (chunk.length === 0) return
    for (let written = 0; written < chunk.length;) {
      written += fs.writeSync(target, chunk, written, chunk.length - written, position + written)
    }
    position += chunk.length
  }
}

/** Reads both again: how many lines they hold, or `undefined` where they differ. */
const linesOfEqual = (source: number, target: number, size: number): number | undefined => {
  const [left, right] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)]
  let lines = 0
  for (let position = 0; position < size;) {
    const chunk = readChunk(target, right, position, size)
    if (chunk.length === 0 || !chunk.equals(readChunk(source, left, position, size))) return undefined
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines += 1
    position += chunk.length
  }
  return lines
}
