import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { codeAt, eventWords, orderEvents, placeAt, timeAt } from "./OrderedEvents.ts"

interface Event {
  readonly person: bigint
  readonly time: bigint
  readonly arrival: bigint
}

const columnsOf = (events: ReadonlyArray<Event>) => {
  const words = (of: (event: Event) => bigint) => new Uint32Array(BigUint64Array.from(events, of).buffer)
  return {
    count: events.length,
    people: words(({ person }) => person),
    times: words(({ time }) => time),
    arrivals: words(({ arrival }) => arrival),
    codes: Uint32Array.from(events, (_, place) => place * 3)
  }
}

const compare = (one: Event, other: Event): number => {
  for (const key of ["person", "time", "arrival"] as const)
    if (one[key] !== other[key]) return one[key] < other[key] ? -1 : 1
  return 0
}

const check = async (events: ReadonlyArray<Event>) => {
  const { ambiguous, count, people, words } = await orderEvents(columnsOf(events))
  const sorted = events.toSorted(compare)
  const ordered = Array.from({ length: count }, (_, index) => events[placeAt(words, index * eventWords)]!)
  assert.deepStrictEqual(ordered, sorted)
  ordered.forEach(({ time }, index) => {
    assert.strictEqual(timeAt(words, index * eventWords), Number(time))
    assert.strictEqual(codeAt(words, index * eventWords), placeAt(words, index * eventWords) * 3)
  })
  assert.strictEqual(people, new Set(events.map(({ person }) => person)).size)
  assert.strictEqual(
    ambiguous,
    sorted.some((event, index) => index > 0 && compare(event, sorted[index - 1]!) === 0)
  )
}

const event = fc.record({
  person: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 64n - 1n)),
  time: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 45n)),
  arrival: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 61n))
})

describe("events in order", () => {
  it("are those of a plain sort by person, time and arrival, and equal ones are told", () =>
    fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 300, size: "max" }), check)))

  it("may be all of one person, the newest first", () =>
    check(Array.from({ length: 20_001 }, (_, index) => ({ person: 7n, time: BigInt(40_000 - index), arrival: 1n }))))
})
