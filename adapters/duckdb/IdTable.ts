/**
 * A set of 64-bit hashes in two words each: open addressing, at most 70 % full, grown by doubling.
 * The hash 0 is kept as 1: a needless confirmation at the worst.
 */
export class IdTable {
  private high: Uint32Array
  private low: Uint32Array
  private mask: number
  private count = 0

  constructor(expected = 1024) {
    let capacity = 1024
    while (capacity * 0.7 < expected) capacity *= 2
    this.high = new Uint32Array(capacity)
    this.low = new Uint32Array(capacity)
    this.mask = capacity - 1
  }

  get size(): number {
    return this.count
  }

  has(high: number, low: number): boolean {
    return this.occupied(this.placeOf(high, low))
  }

  /** Whether it was new. */
  add(high: number, low: number): boolean {
    const at = this.placeOf(high, low)
    if (this.occupied(at)) return false
    this.high[at] = high
    this.low[at] = high === 0 && low === 0 ? 1 : low
    this.count += 1
    if (this.count > this.high.length * 0.7) this.grow()
    return true
  }

  private occupied(at: number): boolean {
    return this.high[at] !== 0 || this.low[at] !== 0
  }

  private placeOf(high: number, low: number): number {
    const lowKept = high === 0 && low === 0 ? 1 : low
    let at = (Math.imul(lowKept ^ (high >>> 7), 0x9e3779b1) >>> 0) & this.mask
    while (this.occupied(at) && (this.high[at] !== high || this.low[at] !== lowKept)) at = (at + 1) & this.mask
    return at
  }

  private grow(): void {
    const { high, low } = this
    this.high = new Uint32Array(high.length * 2)
    this.low = new Uint32Array(high.length * 2)
    this.mask = this.high.length - 1
    this.count = 0
    for (let at = 0; at < high.length; at += 1) {
      if (high[at] !== 0 || low[at] !== 0) this.add(high[at]!, low[at]!)
    }
  }
}

/** High and low word of an event id's hash: its last 16 hexadecimal digits. */
export const highWord = (id: string): number => Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16)
export const lowWord = (id: string): number => Number.parseInt(id.slice(28, 36), 16)
