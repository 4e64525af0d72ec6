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
 * first, the place among the columns, and the code.
 */
export interface OrderedEvents {
  readonly count: number
  readonly people: number
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
const eventsPerBucket = 4
const bucketBitsMax = 16
/** What is longer is merged from runs of this length. */
const insertionEventsMax = 32

const inTurns = async (count: number, work: (from: number, to: number) => void): Promise<void> => {
  for (let from = 0; from < count; from += eventsPerTurn) {
    if (from > 0) await nextTurn()
    work(from, Math.min(count, from + eventsPerTurn))
  }
}

/**
 * Two scatters by bits of the person, then a small sort in each bucket: people are hashes, which fill the buckets evenly,
 * and events come nearly in order. Two of the engine's own sorts take ten times as long.
 */
export const orderEvents = async (columns: EventColumns): Promise<OrderedEvents> => {
  const { count } = columns
  const starts = await partStarts(columns)
  const words = await intoParts(columns, starts.slice())
  const largest = starts.reduce((most, start, part) => Math.max(most, (starts[part + 1] ?? start) - start), 0)
  const room: Room = { events: new Uint32Array(largest * eventWords), ends: new Uint32Array(2 ** bucketBits(largest)) }
  let people = 0
  let ambiguous = false
  let worked = 0
  for (let part = 0; part + 1 < starts.length; part += 1) {
    const [from, to] = [starts[part]! * eventWords, starts[part + 1]! * eventWords]
    if (from === to) continue
    await sortPart(words, from, to, room)
    people += 1
    for (let at = from + eventWords; at < to; at += eventWords) {
      if (!isSamePerson(words, at, at - eventWords)) people += 1
      else if (!isBefore(words, at - eventWords, words, at)) ambiguous = true
    }
    worked += (to - from) / eventWords
    if (worked < eventsPerTurn) continue
    worked = 0
    await nextTurn()
  }
  return { count, people, words, ambiguous }
}

const partStarts = async ({ count, people }: EventColumns): Promise<Uint32Array> => {
  const starts = new Uint32Array(2 ** partBits + 1)
  await inTurns(count, (from, to) => {
    for (let row = from; row < to; row += 1) starts[(people[row * 2 + 1]! >>> (32 - partBits)) + 1]! += 1
  })
  for (let part = 1; part < starts.length; part += 1) starts[part]! += starts[part - 1]!
  return starts
}

const intoParts = async (columns: EventColumns, next: Uint32Array): Promise<Uint32Array> => {
  const { arrivals, codes, count, people, times } = columns
  const words = new Uint32Array(count * eventWords)
  await inTurns(count, (from, to) => {
    for (let row = from; row < to; row += 1) {
      const low = row * 2
      const high = low + 1
      const part = people[high]! >>> (32 - partBits)
      const at = next[part]! * eventWords
      next[part]! += 1
      words[at] = people[high]!
      words[at + 1] = people[low]!
      words[at + 2] = times[high]!
      words[at + 3] = times[low]!
      words[at + 4] = arrivals[high]!
      words[at + 5] = arrivals[low]!
      words[at + 6] = row
      words[at + 7] = codes[row]!
    }
  })
  return words
}

/** What parts are sorted in, one after the other. */
interface Room {
  readonly events: Uint32Array
  readonly ends: Uint32Array
}

const bucketBits = (events: number): number =>
  Math.min(bucketBitsMax, Math.max(1, Math.ceil(Math.log2(events / eventsPerBucket + 1))))

const sortPart = async (words: Uint32Array, from: number, to: number, room: Room): Promise<void> => {
  const bits = bucketBits((to - from) / eventWords)
  const shift = 32 - bits
  const ends = room.ends.subarray(0, 2 ** bits).fill(0)
  for (let at = from; at < to; at += eventWords) ends[(words[at]! << partBits) >>> shift]! += 1
  for (let bucket = 1; bucket < ends.length; bucket += 1) ends[bucket]! += ends[bucket - 1]!
  // From behind, so that each bucket keeps its order and its end becomes its start.
  const source = room.events
  source.set(words.subarray(from, to))
  for (let at = to - from - eventWords; at >= 0; at -= eventWords) {
    const bucket = (source[at]! << partBits) >>> shift
    const place = ends[bucket]! - 1
    ends[bucket] = place
    const into = from + place * eventWords
    for (let word = 0; word < eventWords; word += 1) words[into + word] = source[at + word]!
  }
  for (let bucket = 0; bucket < ends.length; bucket += 1) {
    const first = from + ends[bucket]! * eventWords
    const next = bucket + 1 < ends.length ? from + ends[bucket + 1]! * eventWords : to
    if (next - first <= insertionEventsMax * eventWords) insertionSort(words, first, next)
    else await mergeSort(words, first, next)
  }
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
    for (let word = 0; word < eventWords; word += 1) held[word] = words[at + word]!
    let into = at
    while (into > from && isBefore(held, 0, words, into - eventWords)) {
      for (let word = 0; word < eventWords; word += 1) words[into + word] = words[into + word - eventWords]!
      into -= eventWords
    }
    for (let word = 0; word < eventWords; word += 1) words[into + word] = held[word]!
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
    for (let word = 0; word < eventWords; word += 1) target[into + word] = source[taken + word]!
    if (isRight) right += eventWords
    else left += eventWords
  }
}
