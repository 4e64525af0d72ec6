import { readBytesMax } from "./SegmentReader.ts"
import type { Place } from "./Segments.ts"

/** Bytes of the newest lines that are kept in memory for readers who keep up. */
export const tailBytesMax = 8 * 1024 * 1024
const newline = 10

interface Piece {
  readonly segment: number
  readonly offset: number
  /** Whole lines. */
  readonly bytes: Buffer
}

/** The newest durable lines: readers at the end of the log need not go to the disk. */
export class SegmentTail {
  #pieces: Array<Piece> = []
  #first = 0
  #bytes = 0

  /** Takes lines that were just made durable at that place. */
  add(place: Place, bytes: Buffer): void {
    this.#pieces.push({ ...place, bytes })
    this.#bytes += bytes.length
    while (this.#bytes > tailBytesMax && this.#first < this.#pieces.length) {
      this.#bytes -= this.#pieces[this.#first]!.bytes.length
      this.#first += 1
    }
    if (this.#first > 1000 && this.#first * 2 > this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#first)
      this.#first = 0
    }
  }

  /** Holds nothing of that segment and of earlier ones any more: they are read from the disk. */
  forgetThrough(segment: number): void {
    this.#pieces = this.#pieces.slice(this.#first).filter((piece) => piece.segment > segment)
    this.#first = 0
    this.#bytes = this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Lines from the place on, all of one segment; `undefined` where the place is not in the tail. */
  read(from: Place, linesMax: number): { readonly lines: ReadonlyArray<string>; readonly offset: number } | undefined {
    let at = this.#indexOf(from)
    if (at === -1) return undefined
    const lines: Array<string> = []
    let { offset } = from
    let taken = 0
    while (at < this.#pieces.length && lines.length < linesMax && taken < readBytesMax) {
      const piece = this.#pieces[at]!
      if (piece.segment !== from.segment) break
      const end = cutLines(piece.bytes, offset - piece.offset, linesMax, lines)
      taken += piece.offset + end - offset
      offset = piece.offset + end
      at += 1
    }
    return { lines, offset }
  }

  /** The piece that holds the place, by halving. */
  #indexOf(place: Place): number {
    let low = this.#first
    let high = this.#pieces.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const { bytes, offset, segment } = this.#pieces[middle]!
      if (segment < place.segment || (segment === place.segment && offset + bytes.length <= place.offset)) {
        low = middle + 1
      } else if (segment > place.segment || offset > place.offset) high = middle - 1
      else return middle
    }
    return -1
  }
}

/** Adds lines from `start` on, `linesMax` in all at the most. Answers where the next one begins. */
const cutLines = (bytes: Buffer, start: number, linesMax: number, lines: Array<string>): number => {
  let at = start
  while (at < bytes.length && lines.length < linesMax) {
    const next = bytes.indexOf(newline, at)
    lines.push(bytes.toString("utf8", at, next))
    at = next + 1
  }
  return at
}
