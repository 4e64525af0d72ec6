import * as fs from "node:fs"
import { promisify } from "node:util"
import { lineBytesMax } from "../../ports/analytics/EventLog.ts"
import { segmentFile } from "./Segments.ts"
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

/** Whole lines of one segment from `offset` on, none of them behind `end`. */
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
      lines.push(bytes.toString("utf8", start, next))
      start = next + 1
    }
    return { lines, offset: from.offset + start }
  } finally {
    await close(descriptor)
  }
}

export const segmentLength = (folder: string, segment: number): number => fs.statSync(segmentFile(folder, segment)).size
