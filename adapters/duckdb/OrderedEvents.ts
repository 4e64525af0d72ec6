import { setImmediate as nextTurn } from "node:timers/promises"

/** Unordered events as columns; those of 64 bits with two words a value, the low one first. */
export interface EventColumns {
  readonly count: number
  readonly people: Uint32Array
  /** ms UTC. */
  readonly times: Uint32Array
  /** What orders events of one person at one instant: microseconds of arrival and the place in the batch. */
  readonly arrivals: Uint32Array
  /** What else is known of each event. */
  readonly codes: Uint32Array
}

/**
 * Events grouped by person and in arrival order, eight words each: person, time and arrival, each with its high word
 * first, the place that it was given, and the code.
 */
export interface OrderedEvents {
  readonly count: number
  /** Longer than the events. */
  readonly words: Uint32Array
  /** Whether two events of a person have time and arrival in common: their order is that of their ids, unknown here. */
  readonly ambiguous: boolean
}

export const eventWords = 8
export const timeAt = (words: Uint32Array, at: number): number => words[at + 2]! * 2 ** 32 + words[at + 3]!
export const placeAt = (words: Uint32Array, at: number): number => words[at + 6]!
export const codeAt = (words: Uint32Array, at: number): number => words[at + 7]!
export const isSamePerson = (words: Uint32Array, at: number, other: number): boolean =>
  words[at + 1] === words[other + 1] && words[at] === words[other]

/** Events that are worked on at once: a few milliseconds, then the event loop runs. */
export const eventsPerTurn = 16_384

/** By the first bits of the person events fall into parts, which the processor's caches hold, by the next ones into buckets. */
const partBits = 8
const partCount = 2 ** partBits
const eventsPerBucket = 4
const bucketBitsMax = 16
/** Parts grow by blocks, each twice as long as the one before. */
const blockEventsFirst = 16
const blockEventsMax = 1024
/** What is longer is merged from runs of this length. */
const insertionEventsMax = 32

/**
 * Two scatters by bits of the person, then a small sort in each bucket: people are hashes, which fill the buckets evenly,
 * and events come nearly in order. Two of the engine's own sorts take ten times as long.
 */
export class EventsByPerson {
  readonly #blocks: ReadonlyArray<Array<Uint32Array>> = Array.from({ length: partCount }, () => [])
  /** The block of each part that grows, and how many words of it are taken. */
  readonly #growing: Array<Uint32Array> = Array.from({ length: partCount }, () => noWords)
  readonly #taken = new Uint32Array(partCount)
  readonly #counts = new Uint32Array(partCount)

  /** Some thousand events at the most; the first has that place, the others those behind it. */
  add({ arrivals, codes, count, people, times }: EventColumns, place: number): void {
    for (let row = 0; row < count; row += 1) {
      const low = row * 2
      const high = low + 1
      const part = people[high]! >>> (32 - partBits)
      if (this.#taken[part] === this.#growing[part]!.length) this.#grow(part)
      const words = this.#growing[part]!
      const at = this.#taken[part]!
      words[at] = people[high]!
      words[at + 1] = people[low]!
      words[at + 2] = times[high]!
      words[at + 3] = times[low]!
      words[at + 4] = arrivals[high]!
      words[at + 5] = arrivals[low]!
      words[at + 6] = place + row
      words[at + 7] = codes[row]!
      this.#taken[part] = at + eventWords
      this.#counts[part]! += 1
    }
  }

  #grow(part: number): void {
    const words = Math.min(blockEventsMax * eventWords, this.#growing[part]!.length * 2)
    this.#growing[part] = new Uint32Array(words === 0 ? blockEventsFirst * eventWords : words)
    this.#taken[part] = 0
    this.#blocks[part]!.push(this.#growing[part])
  }

  /** All events, those of a person together; each lot is valid until the next. */
  async *ordered(): AsyncGenerator<OrderedEvents> {
    const largest = this.#counts.reduce((most, count) => Math.max(most, count), 0)
    const words = new Uint32Array(largest * eventWords)
    const ends = new Uint32Array(2 ** bucketBits(largest))
    let worked = 0
    for (const [part, blocks] of this.#blocks.entries()) {
      const count = this.#counts[part]!
      if (count === 0) continue
      await this.#sort(blocks, this.#taken[part]!, words, ends.subarray(0, 2 ** bucketBits(count)).fill(0))
      yield { count, words, ambiguous: hasEquals(words, count) }
      worked += count
      if (worked < eventsPerTurn) continue
      worked = 0
      await nextTurn()
    }
  }

  async #sort(blocks: ReadonlyArray<Uint32Array>, taken: number, words: Uint32Array, ends: Uint32Array): Promise<void> {
    const last = blocks.length - 1
    const shift = 32 - Math.log2(ends.length)
    for (const [index, block] of blocks.entries()) {
      const end = index === last ? taken : block.length
      for (let at = 0; at < end; at += eventWords) ends[(block[at]! << partBits) >>> shift]! += 1
    }
    for (let bucket = 0, start = 0; bucket < ends.length; bucket += 1) {
      const events = ends[bucket]!
      ends[bucket] = start
      start += events
    }
    // The start of each bucket becomes its end.
    for (const [index, block] of blocks.entries()) {
      const end = index === last ? taken : block.length
      for (let at = 0; at < end; at += eventWords) {
        const bucket = (block[at]! << partBits) >>> shift
        const into = ends[bucket]! * eventWords
        ends[bucket]! += 1
        copyEvent(block, at, words, into)
      }
    }
    for (let bucket = 0, from = 0; bucket < ends.length; bucket += 1) {
      const to = ends[bucket]! * eventWords
      if (to - from <= insertionEventsMax * eventWords) insertionSort(words, from, to)
      else await mergeSort(words, from, to)
      from = to
    }
  }
}

const noWords = new Uint32Array()

const bucketBits = (events: number): number =>
  Math.min(bucketBitsMax, Math.max(1, Math.ceil(Math.log2(events / eventsPerBucket + 1))))

const hasEquals = (words: Uint32Array, count: number): boolean => {
  for (let at = eventWords; at < count * eventWords; at += eventWords)
    if (isSamePerson(words, at, at - eventWords) && !isBefore(words, at - eventWords, words, at)) return true
  return false
}

/** Word by word: to go round a loop costs as much as to copy. */
const copyEvent = (source: Uint32Array, at: number, target: Uint32Array, into: number): void => {
  target[into] = source[at]!
  target[into + 1] = source[at + 1]!
  target[into + 2] = source[at + 2]!
  target[into + 3] = source[at + 3]!
  target[into + 4] = source[at + 4]!
  target[into + 5] = source[at + 5]!
  target[into + 6] = source[at + 6]!
  target[into + 7] = source[at + 7]!
}

/** By person, time and arrival. */
const isBefore = (words: Uint32Array, at: number, others: Uint32Array, other: number): boolean => {
  for (let word = 0; word < 6; word += 1) {
    const left = words[at + word]!
    const right = others[other + word]!
    if (left !== right) return left < right
  }
  return false
}

const held = new Uint32Array(eventWords)

const insertionSort = (words: Uint32Array, from: number, to: number): void => {
  for (let at = from + eventWords; at < to; at += eventWords) {
    if (!isBefore(words, at, words, at - eventWords)) continue
    copyEvent(words, at, held, 0)
    let into = at
    while (into > from && isBefore(held, 0, words, into - eventWords)) {
      copyEvent(words, into - eventWords, words, into)
      into -= eventWords
    }
    copyEvent(held, 0, words, into)
  }
}

const mergeSort = async (words: Uint32Array, from: number, to: number): Promise<void> => {
  const run = insertionEventsMax * eventWords
  for (let at = from; at < to; at += run) insertionSort(words, at, Math.min(to, at + run))
  let source: Uint32Array = words.subarray(from, to)
  let target: Uint32Array = new Uint32Array(to - from)
  for (let width = run; width < to - from; width *= 2) {
    for (let at = 0, merged = 0; at < source.length; at += width * 2) {
      merge(source, target, at, Math.min(source.length, at + width), Math.min(source.length, at + width * 2))
      merged += width * 2
      if (merged < eventsPerTurn * eventWords) continue
      merged = 0
      await nextTurn()
    }
    ;[source, target] = [target, source]
  }
  if (source.buffer !== words.buffer) words.set(source, from)
}

const merge = (source: Uint32Array, target: Uint32Array, from: number, middle: number, to: number): void => {
  let [left, right] = [from, middle]
  for (let into = from; into < to; into += eventWords) {
    const isRight = left >= middle || (right < to && isBefore(source, right, source, left))
    const taken = isRight ? right : left
    copyEvent(source, taken, target, into)
    if (isRight) right += eventWords
    else left += eventWords
  }
}
