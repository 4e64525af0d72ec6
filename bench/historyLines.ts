import { storedLineVersion } from "../ports/analytics/StoredEvent.ts"

/** A year of a shop, the same each time it is made. */
export const historyFrom = Date.UTC(2025, 10, 1)
export const historyTo = Date.UTC(2026, 10, 1)
const dayMillis = 86_400_000
const days = (historyTo - historyFrom) / dayMillis
const eventsPerSession = 8
const sessionsPerPerson = 5
const pages = 1000
/** Every so many people log in, and every so many of all come by two devices. */
const knownEvery = 3
const twoDevicesEvery = 20

/** 30 event types and how many in a thousand events each has; orders are 1 %. */
export const types: ReadonlyArray<readonly [string, number]> = [
  ["page_view", 420],
  ["page_exit", 120],
  ["scroll_depth", 90],
  ["element_clicked", 80],
  ["product_viewed", 90],
  ["product_added_to_cart", 35],
  ["checkout_started", 20],
  ["order_completed", 10],
  ["search_performed", 25],
  ["video_played", 15],
  ["form_submitted", 10],
  ["button_clicked", 20],
  ["user_logged_in", 12],
  ["user_logged_out", 6],
  ["email_opened", 8],
  ["email_clicked", 4],
  ["campaign_viewed", 6],
  ["banner_clicked", 5],
  ...Array.from({ length: 12 }, (_, index) => [`custom_${index + 1}`, 2] as const)
]
export const countries =
  "DE US FR GB NL AT CH ES IT PL SE NO DK FI BE PT CZ HU RO GR IE CA AU JP BR MX IN ZA TR KR".split(" ")
const browsers = ["Chrome", "Safari", "Firefox", "Edge"]
const systems = ["Windows", "macOS", "Android", "iOS", "Linux"]
export const plans = ["free", "starter", "pro", "team", "enterprise"]
const sources = ["newsletter", "google", "partner", "social"]

/** Sums of weights, to find a place by chance. */
const sumsOf = (weights: ReadonlyArray<number>): Float64Array => {
  let sum = 0
  return Float64Array.from(weights, (weight) => (sum += weight))
}
export const placeOf = (sums: Float64Array, chance: number): number => {
  const wanted = chance * sums.at(-1)!
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > wanted) high = middle
    else low = middle + 1
  }
  return low
}
export const typeSums = sumsOf(types.map(([, weight]) => weight))
const pageSums = sumsOf(Array.from({ length: pages }, (_, index) => 1 / (index + 1)))
export const countrySums = sumsOf(countries.map((_, index) => 1 / (index + 1)))

/** 32 well mixed bits of a number and a purpose (the finaliser of MurmurHash3, A. Appleby, public domain). */
export const bits = (number: number, purpose: number): number => {
  let mixed = Math.imul(number ^ Math.imul(purpose, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  mixed ^= mixed >>> 16
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 12)) >>> 0
}
export const chanceOf = (number: number, purpose: number): number => bits(number, purpose) / 2 ** 32
export const pick = <A>(values: ReadonlyArray<A>, number: number, purpose: number): A =>
  values[bits(number, purpose) % values.length]!
const hex = (value: number, digits: number): string => value.toString(16).padStart(8, "0").slice(-digits)

export const idOf = (number: number): string =>
  `${hex(number, 8)}-${hex(bits(number, 1), 4)}-4${hex(bits(number, 2), 3)}-8${hex(bits(number, 3), 3)}-${hex(bits(number, 4), 4)}${hex(bits(number, 5), 8)}`

const propertiesOf = (type: string, number: number): string => {
  const own = `"plan":"${pick(plans, number, 20)}","variant":${bits(number, 21) % 4},"seconds":${bits(number, 22) % 600}`
  if (type !== "order_completed") return `{${own}}`
  return `{"order_id":"order-${number}","total":${(bits(number, 23) % 20_000) / 100},"currency":"EUR",${own}}`
}

export const moneyOf = (type: string, number: number): string =>
  type === "order_completed"
    ? `,"money":{"kind":"order","order_id":"order-${number}","minor":${bits(number, 23) % 20_000},"currency":"EUR"}`
    : ""

/** The stored lines of `events` events, in order of time, as the ingestion of them would have written. */
export function* historyLines(events: number): Generator<string> {
  const sessions = Math.ceil(events / eventsPerSession)
  const people = Math.max(1, Math.floor(sessions / sessionsPerPerson))
  for (let number = 0; number < events; number += 1) {
    const session = Math.floor(number / eventsPerSession)
    const person = bits(session, 10) % people
    const start = historyFrom + Math.floor((session / sessions) * days * dayMillis)
    const time = Math.min(historyTo - 1, start + (number % eventsPerSession) * 20_000 + (bits(number, 11) % 15_000))
    const second = person % twoDevicesEvery === 0 && session % 2 === 1
    const device = `device-${person}${second ? "-second" : ""}`
    const known = person % twoDevicesEvery === 0 || person % knownEvery === 0
    const user = known && number % eventsPerSession >= 3 ? `"user_id":"user-${person}",` : ""
    const type = types[placeOf(typeSums, chanceOf(number, 12))]![0]
    const page = placeOf(pageSums, chanceOf(number, 13))
    const url = `https://shop.example.com/products/${page}`
    const campaign =
      bits(session, 14) % 3 === 0 ? `,"campaign":{"source":"${pick(sources, session, 15)}","medium":"referral"}` : ""
    yield `{"v":${storedLineVersion},"event_id":"${idOf(number)}","workspace":"default","event_type":"${type}","anonymous_id":"${device}",${user}"session_id":"session-${session}","time":${time},"received_at":${time * 1000 + (number % 1000)},"index":0,"timestamp":${time},"page":{"url":"${url}","host":"shop.example.com","path":"/products/${page}","title":"Product ${page}","referrer":"https://www.example.org/","referrer_host":"example.org"},"device":{"type":"desktop","os":"${pick(systems, person, 16)}","browser":"${pick(browsers, person, 17)}"},"geo":{"country":"${countries[placeOf(countrySums, chanceOf(person, 18))]!}"},"ip":"203.0.113.0"${campaign}${moneyOf(type, number)},"properties":${propertiesOf(type, number)}}`
  }
}
