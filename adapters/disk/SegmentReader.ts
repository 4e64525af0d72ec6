import * as fs from "node:fs"
import { promisify } from "node:util"
import { lineBytesMax } from "../../ports/analytics/EventLog.ts"
import { isErasedLine, segmentFile } from "./Segments.ts"
import type { Place } from "./Segments.ts"

/** Bytes that one read takes at the most: a slice of a few milliseconds of the event loop. */
export const readBytesMax = 2 * 1024 * 1024
const newline = 10

const open = promisify(fs.open)
const close = promisify(fs.close)

const readAt = (descriptor: number, length: number, offset: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.allocUnsafe(length)
    fs.read(descriptor, bytes, 0, length, offset, (cause, count) =>
      cause === null ? resolve(bytes.subarray(0, count)) : reject(cause)
    )
  })

/**
 * Lines of one segment from `offset` on, none of them behind `end`, without erased ones: where it meets nothing else it
 * answers no lines and a place further on. What is longer than a line may be, or has no end,
 * comes as a line as well, cut to that length: its reader sets it apart, and those behind it are not lost.
 */
export const readLines = async (request: {
  readonly folder: string
  readonly from: Place
  readonly end: number
  readonly linesMax: number
}): Promise<{ readonly lines: ReadonlyArray<string>; readonly offset: number }> => {
  const { folder, from, end, linesMax } = request
  const length = Math.min(end - from.offset, Math.max(linesMax * 1024, lineBytesMax + 1), readBytesMax)
  if (length <= 0) return { lines: [], offset: from.offset }
  const descriptor = await open(segmentFile(folder, from.segment), "r")
  try {
    const bytes = await readAt(descriptor, length, from.offset)
    const lines: Array<string> = []
    let start = 0
    while (lines.length < linesMax) {
      const next = bytes.indexOf(newline, start)
      if (next === -1) break
      if (!isErasedLine(bytes, start, next)) lines.push(bytes.toString("utf8", start, next))
      start = next + 1
    }
    if (start > 0) return { lines, offset: from.offset + start }
    const offset = await nextLine(descriptor, from.offset + bytes.length, end)
    return { lines: [bytes.toString("utf8", 0, lineBytesMax)], offset }
  } finally {
    await close(descriptor)
  }
}

/** Where the line behind the next line break begins, or the end. */
const nextLine = async (descriptor: number, from: number, end: number): Promise<number> => {
  let offset = from
  while (offset < end) {
    const bytes = await readAt(descriptor, Math.min(end - offset, readBytesMax), offset)
    if (bytes.length === 0) return end
    const next = bytes.indexOf(newline)
    if (next !== -1) return offset + next + 1
    offset += bytes.length
  }
  return end
}

export const segmentLength = (folder: string, segment: number): number => fs.statSync(segmentFile(folder, segment)).size
