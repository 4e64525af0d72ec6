import { eventOf } from "./ServerProcess.ts"

const batchSize = 50

/** Batches of wide events, some 21 kB each, over the days of October 2026; `number` counts them. */
export function* batchesOfWideEvents(events: number) {
  const [one, two, three] = ["x", "y", "z"].map((letter) => letter.repeat(7000))
  for (let sent = 0; sent < events; sent += batchSize) {
    const day = new Date(Date.UTC(2026, 9, 1 + (sent % 30))).toISOString()
    yield Array.from({ length: batchSize }, (_, at) =>
      eventOf({ anonymous_id: `device-${at}`, timestamp: day, properties: { number: sent + at, one, two, three } })
    )
  }
}
