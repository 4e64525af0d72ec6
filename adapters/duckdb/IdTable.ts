import { idWord } from "../../ports/analytics/eventIdWords.ts"

const partCount = 1024
const slotsFirst = 16

/** Open addressing, at most 70 % full. An empty slot is two zeros. */
interface Part {
  /** Low and high word in turn. */
  words: Uint32Array
  count: number
}

const find = (words: Uint32Array, high: number, low: number): number => {
  const mask = words.length - 2
  let at = (Math.imul(low ^ (high >>> 7), 0x9e3779b1) << 1) & mask
  while ((words[at] !== 0 || words[at + 1] !== 0) && (words[at] !== low || words[at + 1] !== high)) at = (at + 2) & mask
  return at
}

const enlarged = (words: Uint32Array): Uint32Array => {
  const larger = new Uint32Array(words.length * 2)
  for (let at = 0; at < words.length; at += 2) {
    const [low, high] = [words[at]!, words[at + 1]!]
    if (low === 0 && high === 0) continue
    const to = find(larger, high, low)
    larger[to] = low
    larger[to + 1] = high
  }
  return larger
}

/** Whether any of so many hashes comes twice, asked one by one; all of it is made at once, and small. */
export const makeRepeats = (hashesMax: number): ((high: number, low: number) => boolean) => {
  const words = new Uint32Array(2 ** (Math.ceil(Math.log2(hashesMax * 2)) + 1))
  return (high, low) => {
    const kept = high === 0 && low === 0 ? 1 : low
    const at = find(words, high, kept)
    if (words[at] !== 0 || words[at + 1] !== 0) return true
    words[at] = kept
    words[at + 1] = high
    return false
  }
}

/**
 * A set of 64-bit hashes in two words each, in many parts of which one at a time grows, so that no addition takes long.
 * The hash 0 is kept as 1: a needless confirmation at the worst.
 */
export class IdTable {
  private readonly parts: ReadonlyArray<Part>
  private total = 0

  constructor() {
    this.parts = Array.from({ length: partCount }, () => ({ words: new Uint32Array(slotsFirst * 2), count: 0 }))
  }

  get size(): number {
    return this.total
  }

  has(high: number, low: number): boolean {
    const kept = high === 0 && low === 0 ? 1 : low
    const { words } = this.partOf(high, low)
    const at = find(words, high, kept)
    return words[at] !== 0 || words[at + 1] !== 0
  }

  /** Whether it was new. */
  add(high: number, low: number): boolean {
    const kept = high === 0 && low === 0 ? 1 : low
    const part = this.partOf(high, low)
    const at = find(part.words, high, kept)
    if (part.words[at] !== 0 || part.words[at + 1] !== 0) return false
    part.words[at] = kept
    part.words[at + 1] = high
    part.count += 1
    this.total += 1
    if (part.count > part.words.length * 0.35) part.words = enlarged(part.words)
    return true
  }

  private partOf(high: number, low: number): Part {
    return this.parts[(Math.imul(high ^ low, 0x85ebca6b) >>> 22) % partCount]!
  }
}

/** High and low word of an event id's hash: its last 16 hexadecimal digits. */
export const highWord = (id: string): number => idWord(id, 2) >>> 0
export const lowWord = (id: string): number => idWord(id, 3) >>> 0
