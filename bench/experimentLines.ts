import { storedLineVersion } from "../ports/analytics/StoredEvent.ts"
import {
  bits,
  chanceOf,
  countries,
  countrySums,
  idOf,
  moneyOf,
  pick,
  placeOf,
  plans,
  types,
  typeSums
} from "./historyLines.ts"

const dayMillis = 86_400_000
/** The phase, and the time before it in which people were seen already. */
export const phaseFrom = Date.UTC(2026, 9, 1)
const phaseDays = 28
const historyDays = 14
export const phaseTo = phaseFrom + phaseDays * dayMillis
export const experimentKey = "checkout"
export const variants = ["control", "short-form"] as const

/** Events of a person beside the exposure. */
const eventsPerPerson = 9
/** Every so many of all people come by two devices and are known by a login. */
const twoDevicesEvery = 20

interface Line {
  readonly number: number
  readonly person: number
  readonly time: number
  readonly type: string
  readonly properties: string
}

const propertiesOf = (type: string, number: number): string => {
  const own = `"plan":"${pick(plans, number, 20)}","seconds":${bits(number, 22) % 600}`
  return type === "order_completed"
    ? `{"order_id":"order-${number}","total":${(bits(number, 23) % 20_000) / 100},"currency":"EUR",${own}}`
    : `{${own}}`
}

const lineOf = ({ number, person, properties, time, type }: Line): string => {
  const isKnown = person % twoDevicesEvery === 0
  const device = `device-${person}${isKnown && bits(number, 12) % 2 === 0 ? "-second" : ""}`
  const user = isKnown && bits(number, 13) % 3 > 0 ? `"user_id":"user-${person}",` : ""
  const country = countries[placeOf(countrySums, chanceOf(person, 18))]!
  return `{"v":${storedLineVersion},"event_id":"${idOf(number)}","workspace":"default","event_type":"${type}","anonymous_id":"${device}",${user}"session_id":"session-${person}-${Math.floor(time / dayMillis)}","time":${time},"received_at":${time * 1000 + (number % 1000)},"index":0,"timestamp":${time},"page":{"url":"https://shop.example.com/","host":"shop.example.com","path":"/"},"device":{"type":"desktop","os":"Linux","browser":"Firefox"},"geo":{"country":"${country}"},"ip":"203.0.113.0"${moneyOf(type, number)},"properties":${properties}}`
}

/** The `number`th of `count` moments that are spread over a time evenly, each with a place of its own. */
const momentOf = (number: number, count: number, from: number, to: number, purpose: number): number =>
  from + Math.floor(((number + chanceOf(number, purpose)) / count) * (to - from))

/**
 * The stored lines of `people` people who are each exposed once in the phase and do nine other things in and before it,
 * in order of time.
 */
export function* experimentLines(people: number): Generator<string> {
  const events = people * eventsPerPerson
  const from = phaseFrom - historyDays * dayMillis
  const exposedAt = (exposure: number) => momentOf(exposure, people, phaseFrom, phaseTo, 30)
  let exposure = 0
  const exposed = (): string => {
    // Shares no factor with any round number of people, so that each has a turn.
    const person = (exposure * 999_983) % people
    const variant = variants[bits(person, 31) % 2]!
    const properties = `{"experiment_id":"${experimentKey}","variant":"${variant}","phase":1,"source":"hash"}`
    return lineOf({
      number: events + exposure,
      person,
      time: exposedAt(exposure),
      type: "experiment_exposed",
      properties
    })
  }
  for (let number = 0; number < events; number += 1) {
    const time = momentOf(number, events, from, phaseTo, 11)
    for (; exposure < people && exposedAt(exposure) <= time; exposure += 1) yield exposed()
    const type = types[placeOf(typeSums, chanceOf(number, 14))]![0]
    yield lineOf({ number, person: bits(number, 10) % people, time, type, properties: propertiesOf(type, number) })
  }
  for (; exposure < people; exposure += 1) yield exposed()
}
