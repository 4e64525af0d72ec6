import * as fs from "node:fs"
import { join } from "node:path"

const segmentName = /^(\d{12})\.log$/
const newline = 10
const space = 32
const closingBrace = 125

/** A place in the log: a segment's sequence number and a byte offset in it. */
export interface Place {
  readonly segment: number
  readonly offset: number
}

export const encodePlace = (place: Place): string => `${place.segment}.${place.offset}`

/** `undefined` where the text is no place. */
export const decodePlace = (text: string): Place | undefined => {
  const match = /^(\d{1,12})\.(\d{1,15})$/.exec(text)
  return match === null ? undefined : { segment: Number(match[1]), offset: Number(match[2]) }
}

export const segmentFile = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(12, "0")}.log`)

/** Sequence numbers of the segments in the folder, ascending. */
export const listSegments = (folder: string): Array<number> =>
  fs
    .readdirSync(folder)
    .flatMap((name) => {
      const match = segmentName.exec(name)
      return match === null ? [] : [Number(match[1])]
    })
    .sort((a, b) => a - b)

/** Whether the bytes are what an erased line leaves: spaces, and nothing else. */
export const isErasedLine = (bytes: Buffer, start: number, end: number): boolean => {
  if (bytes[start] !== space || start >= end) return false
  for (let at = start + 1; at < end; at += 1) if (bytes[at] !== space) return false
  return true
}

/**
 * Length of the whole lines of a segment. What follows was being written when the process or the machine died and was
 * never acknowledged: half a line, or blocks of NUL that a file system leaves behind after a power loss. A damaged
 * line with whole ones behind it stays: its reader finds that it is none, and those behind it are not lost.
 */
export const wholeLinesLength = (file: string): number => {
  const bytes = fs.readFileSync(file)
  let end = bytes.lastIndexOf(newline) + 1
  while (end > 0) {
    const start = end === 1 ? 0 : bytes.lastIndexOf(newline, end - 2) + 1
    const whole =
      (bytes[end - 2] === closingBrace && bytes.subarray(start, end).indexOf(0) === -1) ||
      isErasedLine(bytes, start, end - 1)
    if (whole) return end
    end = start
  }
  return 0
}

/** Bytes that are looked at from the end of a segment, and how far two such windows overlap: the longest line. */
const windowBytes = 256 * 1024
const overlapBytes = 64 * 1024 + 1

/** `received_at` (µs) of the last line of a segment that says one, `undefined` where none does. */
export const youngestReceivedAt = (file: string): number | undefined => {
  const descriptor = fs.openSync(file, "r")
  try {
    for (let end = fs.fstatSync(descriptor).size; ;) {
      const start = Math.max(0, end - windowBytes)
      const bytes = Buffer.alloc(end - start)
      fs.readSync(descriptor, bytes, 0, bytes.length, start)
      const found = lastReceivedAt(bytes.toString("utf8").split("\n"), start === 0)
      if (found !== undefined || start === 0) return found
      end = start + overlapBytes
    }
  } finally {
    fs.closeSync(descriptor)
  }
}

const lastReceivedAt = (lines: ReadonlyArray<string>, isFirstWhole: boolean): number | undefined => {
  for (let at = lines.length - 1; at >= (isFirstWhole ? 0 : 1); at -= 1) {
    const match = /"received_at":(\d{1,17})/.exec(lines[at]!)
    if (match !== null) return Number(match[1])
  }
  return undefined
}

/** Makes a created, renamed or removed name durable. */
export const syncFolder = (folder: string): void => {
  const descriptor = fs.openSync(folder, "r")
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
