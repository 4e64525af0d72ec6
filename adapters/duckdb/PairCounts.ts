/** Step and one node in one word, the other node in another: a step takes five bits. */
const stepBits = 5
const slotsFirst = 1024

const grown = (words: Uint32Array, length: number): Uint32Array => {
  const larger = new Uint32Array(length)
  larger.set(words)
  return larger
}

/** People, and one more sum, by step and two nodes; pairs are numbered as they come. */
export class PairCounts {
  #slots: Uint32Array = new Uint32Array(slotsFirst)
  #firsts: Uint32Array = new Uint32Array(slotsFirst)
  #seconds: Uint32Array = new Uint32Array(slotsFirst)
  #people: Uint32Array = new Uint32Array(slotsFirst)
  #sums: Uint32Array = new Uint32Array(slotsFirst)
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
    const slot = this.#find(first, to)
    let pair = this.#slots[slot]! - 1
    if (pair < 0) {
      pair = this.#size
      this.#size += 1
      this.#slots[slot] = this.#size
      if (pair === this.#firsts.length) this.#lengthen()
      this.#firsts[pair] = first
      this.#seconds[pair] = to
      if (this.#size * 2 > this.#slots.length) this.#spread()
    }
    this.#people[pair]! += 1
    this.#sums[pair]! += sum
    return pair
  }

  /** Where the pair is, or may be put: open addressing, at most half full. */
  #find(first: number, second: number): number {
    const mask = this.#slots.length - 1
    let hash = Math.imul(first, 0x85ebca6b) ^ Math.imul(second, 0xc2b2ae35)
    hash ^= hash >>> 15
    let slot = Math.imul(hash, 0x9e3779b1) & mask
    for (;;) {
      const pair = this.#slots[slot]! - 1
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

  #spread(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let pair = 0; pair < this.#size; pair += 1)
      this.#slots[this.#find(this.#firsts[pair]!, this.#seconds[pair]!)] = pair + 1
  }
}
