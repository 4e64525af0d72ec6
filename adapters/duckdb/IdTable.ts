import { hash as cryptoHash } from "node:crypto"

const shardCount = 256
const shardSlotsFirst = 64

/** Low and high half of a 64-bit hash. */
export interface Hash64 {
  readonly low: number
  readonly high: number
}

/** The same number as DuckDB's `md5_number_upper(text)`. */
export const hash64 = (text: string): Hash64 => {
  const bytes = cryptoHash("md5", text, "buffer")
  return { low: bytes.readUInt32LE(0), high: bytes.readUInt32LE(4) }
}

export const hashText = (hash: Hash64): string => ((BigInt(hash.high) << 32n) | BigInt(hash.low)).toString()

/**
 * A set of 64-bit hashes: open addressing in 256 parts, of which only one at a time is made larger, so that no addition
 * takes long. A hash of two zeros is kept as (0, 1): a false hit is confirmed on the full id anyway.
 */
export class IdTable {
  private readonly shards: Array<Uint32Array>
  private readonly used: Uint32Array
  size = 0

  constructor() {
    this.shards = Array.from({ length: shardCount }, () => new Uint32Array(shardSlotsFirst * 2))
    this.used = new Uint32Array(shardCount)
  }

  has(low: number, high: number): boolean {
    const slots = this.shards[high >>> 24]!
    const at = this.find(slots, low, high)
    return slots[at] !== 0 || slots[at + 1] !== 0
  }

  /** Whether it was new. */
  add(low: number, high: number): boolean {
    const shard = high >>> 24
    let slots = this.shards[shard]!
    if (this.used[shard]! * 10 >= slots.length / 2 * 7) {
      slots = this.enlarge(slots)
      this.shards[shard] = slots
    }
    if (!this.put(slots, low, high)) return false
    this.used[shard]!++
    this.size++
    return true
  }

  private find(slots: Uint32Array, low: number, high: number): number {
    const mask = slots.length / 2 - 1
    const soughtHigh = low === 0 && high === 0 ? 1 : high
    let at = (low & mask) * 2
    while ((slots[at] !== 0 || slots[at + 1] !== 0) && (slots[at] !== low || slots[at + 1] !== soughtHigh)) {
      at = (at + 2) & (slots.length - 1)
    }
    return at
  }

  private put(slots: Uint32Array, low: number, high: number): boolean {
    const at = this.find(slots, low, high)
    if (slots[at] !== 0 || slots[at + 1] !== 0) return false
    slots[at] = low
    slots[at + 1] = low === 0 && high === 0 ? 1 : high
    return true
  }

  private enlarge(slots: Uint32Array): Uint32Array {
    const larger = new Uint32Array(slots.length * 2)
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at] !== 0 || slots[at + 1] !== 0) this.put(larger, slots[at]!, slots[at + 1]!)
    }
    return larger
  }
}
