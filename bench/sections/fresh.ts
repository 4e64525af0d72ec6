import { setTimeout as pause } from "node:timers/promises"
import { ask, eventOf, freshFolder } from "../../journeys/ServerProcess.ts"
import { percentile } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { startLoadGenerator } from "../LoadGenerator.ts"
import { startService } from "../Service.ts"
import type { Service } from "../Service.ts"

const probes = 100
const eventsPerSecond = 500
const loadSeconds = 120
const goal = { is: "below", bound: 1000 } as const

const today = () => new Date().toISOString().slice(0, 10)

const isCounted = async (service: Service, event_type: string): Promise<boolean> => {
  const { body } = await ask(service, "POST", "/analytics/query", {
    token: service.token,
    body: { date_range: { from: today(), to: today() }, metrics: ["events"], event_types: [event_type] }
  })
  return (body["totals"] as { readonly events?: number } | undefined)?.events === 1
}

/** Arrival times of events on the stream, by their ids. */
const watchStream = async (service: Service) => {
  const arrivals = new Map<string, number>()
  const socket = new WebSocket(`${service.url.replace("http", "ws")}/analytics/realtime/stream`, [service.token])
  await new Promise((open, failed) => {
    socket.addEventListener("open", open)
    socket.addEventListener("error", failed)
  })
  socket.addEventListener("message", ({ data }) => {
    const { event_id } = JSON.parse(String(data)) as { readonly event_id: string }
    arrivals.set(event_id, performance.now())
  })
  return { arrivals, close: () => socket.close() }
}

/** Sends one event of a type of its own; answers how long after the acknowledgement it was counted, and on the stream. */
const probe = async (service: Service, arrivals: ReadonlyMap<string, number>, number: number) => {
  const event = eventOf({ event_type: `probe_${number}` })
  await ask(service, "POST", "/analytics/events/ingest", { token: service.token, body: event })
  const acknowledgedAt = performance.now()
  while (!(await isCounted(service, event.event_type))) await pause(5)
  const counted = performance.now() - acknowledgedAt
  while (!arrivals.has(event.event_id)) await pause(5)
  return { counted, streamed: Math.max(0, arrivals.get(event.event_id)! - acknowledgedAt) }
}

/** How soon an acknowledged event is in an answer, and on the stream, while others arrive. */
export const fresh: Section = {
  name: "fresh",
  run: async () => {
    const generator = startLoadGenerator()
    const service = await startService(freshFolder())
    const { port, token } = service
    const path = "/analytics/events/ingest"
    const load = { port, token, path, connections: 8, personal: true, eventsPerRequest: 1, perSecond: eventsPerSecond }
    void generator.run({ ...load, run: 2000, seconds: loadSeconds })
    const stream = await watchStream(service)
    const results = []
    for (let number = 0; number < probes + 10; number += 1) {
      const result = await probe(service, stream.arrivals, number)
      if (number >= 10) results.push(result)
    }
    stream.close()
    generator.stop()
    await service.kill("SIGTERM")
    const figure = (name: string, values: ReadonlyArray<number>): Figure => ({
      section: "fresh",
      name: `acknowledged → ${name}, p99`,
      value: percentile(values, 0.99),
      unit: "ms",
      goal,
      seen: `p50 ${percentile(values, 0.5).toFixed(0)} ms, ${probes} probes beside ${eventsPerSecond} events/s`
    })
    return [
      figure(
        "in an answer",
        results.map(({ counted }) => counted)
      ),
      figure(
        "on the WebSocket",
        results.map(({ streamed }) => streamed)
      )
    ]
  }
}
