/** Step and one node in one word, the other node in another: a step takes five bits. */
const stepBits = 5
const pairsFirst = 1024
/** Parts of the table, of which one at a time grows, so that no addition takes long. */
const partCount = 64
const slotsFirst = 64

const grown = (words: Uint32Array, length: number): Uint32Array => {
  const larger = new Uint32Array(length)
  larger.set(words)
  return larger
}

/** Numbers of pairs, counted from 1; 0 is an empty slot. */
interface Part {
  slots: Uint32Array
  count: number
}

const hashOf = (first: number, second: number): number => {
  const mixed = Math.imul(first, 0x85ebca6b) ^ Math.imul(second, 0xc2b2ae35)
  const spread = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1)
  return (spread ^ (spread >>> 13)) >>> 0
}

/** People, and one more sum, by step and two nodes; pairs are numbered as they come. */
export class PairCounts {
  readonly #parts: ReadonlyArray<Part> = Array.from({ length: partCount }, () => ({
    slots: new Uint32Array(slotsFirst),
    count: 0
  }))
  #firsts: Uint32Array = new Uint32Array(pairsFirst)
  #seconds: Uint32Array = new Uint32Array(pairsFirst)
  #people: Uint32Array = new Uint32Array(pairsFirst)
  #sums: Uint32Array = new Uint32Array(pairsFirst)
  #size = 0

  get size(): number {
    return this.#size
  }

  step(pair: number): number {
    return this.#firsts[pair]! & (2 ** stepBits - 1)
  }

  from(pair: number): number {
    return this.#firsts[pair]! >>> stepBits
  }

  to(pair: number): number {
    return this.#seconds[pair]!
  }

  people(pair: number): number {
    return this.#people[pair]!
  }

  sum(pair: number): number {
    return this.#sums[pair]!
  }

  /** Counts one more person; answers the pair's number. */
  add(step: number, from: number, to: number, sum: number): number {
    const first = ((from << stepBits) | step) >>> 0
    const hash = hashOf(first, to)
    const part = this.#parts[hash % partCount]!
    const slot = this.#find(part.slots, hash, first, to)
    let pair = part.slots[slot]! - 1
    if (pair < 0) {
      pair = this.#size
      this.#size += 1
      if (pair === this.#firsts.length) this.#lengthen()
      this.#firsts[pair] = first
      this.#seconds[pair] = to
      part.slots[slot] = pair + 1
      part.count += 1
      if (part.count * 2 > part.slots.length) this.#spread(part)
    }
    this.#people[pair]! += 1
    this.#sums[pair]! += sum
    return pair
  }

  /** Where the pair is, or may be put: open addressing, at most half full. */
  #find(slots: Uint32Array, hash: number, first: number, second: number): number {
    const mask = slots.length - 1
    let slot = Math.floor(hash / partCount) & mask
    for (;;) {
      const pair = slots[slot]! - 1
      if (pair < 0 || (this.#firsts[pair] === first && this.#seconds[pair] === second)) return slot
      slot = (slot + 1) & mask
    }
  }

  #lengthen(): void {
    const length = this.#firsts.length * 2
    this.#firsts = grown(this.#firsts, length)
    this.#seconds = grown(this.#seconds, length)
    this.#people = grown(this.#people, length)
    this.#sums = grown(this.#sums, length)
  }

  #spread(part: Part): void {
    const before = part.slots
    part.slots = new Uint32Array(before.length * 2)
    for (const numbered of before) {
      if (numbered === 0) continue
      const [first, second] = [this.#firsts[numbered - 1]!, this.#seconds[numbered - 1]!]
      part.slots[this.#find(part.slots, hashOf(first, second), first, second)] = numbered
    }
  }
}
