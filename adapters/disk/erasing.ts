import * as fs from "node:fs"
import { copyFile, open } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { join } from "node:path"
import { lineBytesMax } from "../../ports/analytics/EventLog.ts"
import { isErasedLine, listSegments, segmentFile, syncFolder } from "./Segments.ts"
import type { SegmentWriter } from "./SegmentWriter.ts"

/** Bytes that are looked at before the event loop has its turn: some milliseconds. */
const sliceBytes = 512 * 1024
const leftoverName = /^\d{12}\.rewriting$/
const newline = 10

/** From its first byte to the one behind its last. */
interface Range {
  readonly start: number
  readonly end: number
}

/** Copies that broke off: they hold what is to go. */
export const removeLeftovers = (folder: string): void => {
  for (const name of fs.readdirSync(folder)) if (leftoverName.test(name)) fs.unlinkSync(join(folder, name))
}

/**
 * Puts spaces in the place of erased lines in all segments that are not written to any more, so that no place moves.
 * Each is copied beside, changed, synced and renamed over: a reader, a backup or a start after a crash sees one or the
 * other whole. Answers how many lines went.
 */
export const eraseLines = async (
  folder: string,
  writer: SegmentWriter,
  isErased: (line: string) => boolean
): Promise<number> => {
  removeLeftovers(folder)
  const { segment: active } = writer.end
  let lines = 0
  for (const segment of listSegments(folder)) {
    if (segment >= active) break
    const ranges = await erasedRanges(segmentFile(folder, segment), isErased)
    if (ranges.length === 0) continue
    if (await rewrite(folder, segment, ranges)) lines += ranges.length
  }
  // Lines of before are in memory too, also of segments that an earlier call rewrote.
  writer.tail.forgetThrough(active - 1)
  return lines
}

const openIfThere = (file: string): Promise<FileHandle | undefined> =>
  open(file, "r").catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  })

/** Lines of the segment to erase; none where retention has dropped it meanwhile. */
const erasedRanges = async (file: string, isErased: (line: string) => boolean): Promise<ReadonlyArray<Range>> => {
  const handle = await openIfThere(file)
  if (handle === undefined) return []
  try {
    const ranges: Array<Range> = []
    const bytes = Buffer.allocUnsafe(sliceBytes)
    for (let offset = 0; ;) {
      const { bytesRead } = await handle.read(bytes, 0, sliceBytes, offset)
      const end = bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1
      // No line is so long: what it is of, damage, is no event of anybody.
      if (end === 0 && bytesRead < sliceBytes) return ranges
      for (let start = 0; start < end;) {
        const next = bytes.indexOf(newline, start)
        const isLine = next - start <= lineBytesMax && !isErasedLine(bytes, start, next)
        if (isLine && isErased(bytes.toString("utf8", start, next)))
          ranges.push({ start: offset + start, end: offset + next })
        start = next + 1
      }
      offset += end === 0 ? bytesRead : end
    }
  } finally {
    await handle.close()
  }
}

/** Answers whether the segment is still there. */
const rewrite = async (folder: string, segment: number, ranges: ReadonlyArray<Range>): Promise<boolean> => {
  const file = segmentFile(folder, segment)
  const beside = file.replace(/\.log$/, ".rewriting")
  try {
    await copyFile(file, beside)
    const handle = await open(beside, "r+")
    try {
      const spaces = Buffer.alloc(Math.max(...ranges.map(({ end, start }) => end - start)), " ")
      for (const { end, start } of ranges) await handle.write(spaces, 0, end - start, start)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Retention may have dropped it since: without a turn of the event loop in between it cannot come back.
    if (!fs.existsSync(file)) return false
    fs.renameSync(beside, file)
    syncFolder(folder)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT" && !fs.existsSync(file)) return false
    throw cause
  } finally {
    fs.rmSync(beside, { force: true })
  }
}
