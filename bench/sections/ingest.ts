import { freshFolder } from "../../journeys/ServerProcess.ts"
import { startBaseline } from "../Baseline.ts"
import { median } from "../Figure.ts"
import type { Section } from "../Figure.ts"
import { startLoadGenerator } from "../LoadGenerator.ts"
import type { Load, LoadResult } from "../LoadGenerator.ts"
import { askQuestion, processorTime, startService, waitUntilIndexed } from "../Service.ts"
import type { Service } from "../Service.ts"

const rounds = 5
const seconds = 6
const warmSeconds = 8
const connections = 64
const path = "/analytics/events/ingest"

interface Measured extends LoadResult {
  readonly mainMicros: number
  readonly otherMicros: number
}

/** Asked again and again as a dashboard does, until the work is over. */
const askWhile = async (service: Service, work: Promise<unknown>): Promise<number> => {
  let asked = 0
  let over = false
  const ended = work.finally(() => (over = true))
  const day = (millis: number) => new Date(millis).toISOString().slice(0, 10)
  while (!over) {
    await askQuestion(service, {
      date_range: { from: day(Date.now() - 29 * 86_400_000), to: day(Date.now()) },
      interval: "day",
      metrics: ["people", "events"],
      dimensions: ["country"]
    })
    asked += 1
  }
  await ended
  return asked
}

/** Events one by one, against a server that only validates them; both in turn, so that noise meets both. */
export const ingest: Section = {
  name: "ingest",
  run: async () => {
    const baseline = await startBaseline()
    const generator = startLoadGenerator()
    const service = await startService(freshFolder())
    let run = 0
    const drive = async (pid: number, load: Omit<Load, "connections" | "run" | "eventsPerRequest">) => {
      const before = processorTime(pid)
      const result = await generator.run({ ...load, connections, run: ++run, eventsPerRequest: 1 })
      const after = processorTime(pid)
      const micros = (millis: number) => (millis * 1000) / result.requests
      const measured: Measured = {
        ...result,
        mainMicros: micros(after.mainMillis - before.mainMillis),
        otherMicros: micros(after.otherMillis - before.otherMillis)
      }
      if (measured.refused > 0) throw new Error(`${measured.refused} requests were refused`)
      return measured
    }
    const toBaseline = (long: number) =>
      drive(baseline.pid, { port: baseline.port, path: "/events", token: "", seconds: long, personal: true })
    const toService = (long: number, personal = true) =>
      drive(service.pid, { port: service.port, path, token: service.token, seconds: long, personal })

    await toBaseline(warmSeconds)
    await toService(warmSeconds)
    await waitUntilIndexed(service)
    const pairs: Array<{ readonly base: Measured; readonly ours: Measured; readonly behind: number }> = []
    for (let round = 0; round < rounds; round += 1) {
      const base = await toBaseline(seconds)
      const ours = await toService(seconds)
      pairs.push({ base, ours, behind: await waitUntilIndexed(service) })
    }
    const plain = await toService(seconds, false)
    const plainBase = await toBaseline(seconds)
    await waitUntilIndexed(service)
    const asked = toService(seconds * 2)
    const [questions, loaded] = await Promise.all([askWhile(service, asked), asked])
    await waitUntilIndexed(service)
    generator.stop()
    baseline.stop()
    await service.kill("SIGTERM")

    const of = (value: (pair: (typeof pairs)[number]) => number) => median(pairs.map(value))
    const section = "ingest"
    return [
      {
        section,
        name: "fastify + ajv, validating only",
        value: of(({ base }) => base.perSecond),
        unit: "requests/s",
        seen: `p99 ${of(({ base }) => base.p99).toFixed(1)} ms, ${of(({ base }) => base.mainMicros).toFixed(0)} µs of its thread each`
      },
      {
        section,
        name: "one event per request, every 5th personal",
        value: of(({ ours }) => ours.perSecond),
        unit: "requests/s",
        seen: `p99 ${of(({ ours }) => ours.p99).toFixed(1)} ms, ${of(({ ours }) => ours.mainMicros).toFixed(0)} µs of its thread each, ${of(({ ours }) => ours.otherMicros).toFixed(0)} of others; all in the answers ${of(({ behind }) => behind).toFixed(0)} ms later`
      },
      {
        section,
        name: "ratio to fastify + ajv",
        value: of(({ base, ours }) => ours.perSecond / base.perSecond),
        unit: "",
        goal: { is: "at least", bound: 0.8 },
        seen: `rounds ${pairs.map(({ base, ours }) => (ours.perSecond / base.perSecond).toFixed(2)).join(" ")}`
      },
      {
        section,
        name: "ratio of processor time on the main thread",
        value: of(({ base, ours }) => base.mainMicros / ours.mainMicros),
        unit: ""
      },
      {
        section,
        name: "ratio without personal data",
        value: plain.perSecond / plainBase.perSecond,
        unit: "",
        seen: `${plain.perSecond.toFixed(0)} requests/s`
      },
      {
        section,
        name: "p99 while a dashboard asks in a loop",
        value: loaded.p99,
        unit: "ms",
        goal: { is: "below", bound: 50 },
        seen: `p50 ${loaded.p50.toFixed(1)} ms, ${loaded.perSecond.toFixed(0)} requests/s, ${questions} questions answered`
      }
    ]
  }
}
