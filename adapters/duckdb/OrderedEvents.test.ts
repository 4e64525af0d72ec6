import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { codeAt, EventsByPerson, eventWords, placeAt, timeAt } from "./OrderedEvents.ts"

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

/** As they come: some at a time. */
const columnsAtOnce = 100

const check = async (events: ReadonlyArray<Event>) => {
  const byPerson = new EventsByPerson()
  for (let from = 0; from < events.length; from += columnsAtOnce)
    byPerson.add(columnsOf(events.slice(from, from + columnsAtOnce)), from)
  const ordered: Array<Event> = []
  let isAmbiguous = false
  for await (const { ambiguous, count, words } of byPerson.ordered()) {
    isAmbiguous ||= ambiguous
    for (let at = 0; at < count * eventWords; at += eventWords) {
      const place = placeAt(words, at)
      ordered.push(events[place]!)
      assert.strictEqual(timeAt(words, at), Number(events[place]!.time))
      assert.strictEqual(codeAt(words, at), (place % columnsAtOnce) * 3)
    }
  }
  const sorted = events.toSorted(compare)
  assert.deepStrictEqual(ordered, sorted)
  assert.strictEqual(
    isAmbiguous,
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
