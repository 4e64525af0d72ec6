import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"
import { median } from "../Figure.ts"
import type { Section } from "../Figure.ts"
import { historyFolder } from "../HistoryFolder.ts"
import { askOnce, readMetric, residentMegabytes, startService } from "../Service.ts"
import { askedQuestions } from "../askedQuestions.ts"

const events = 10_000_000
const starts = 3
const idleMillis = 10_000
/** The service shows its event loop's delays over a minute. */
const windowMillis = 61_000
const askMillis = 40_000
const resolutionMillis = 10

const longestDelay = async (service: Parameters<typeof readMetric>[0]): Promise<number> =>
  ((await readMetric(service, "nodejs_eventloop_lag_max_seconds")).get("") ?? Number.NaN) * 1000

/** Start, memory and the event loop on a folder of ten million events. */
export const start: Section = {
  name: "start",
  run: async () => {
    const folder = await historyFolder(events)
    const times: Array<number> = []
    for (let index = 1; index < starts; index += 1) {
      const service = await startService(folder)
      times.push(service.startMillis)
      await service.kill("SIGTERM")
    }
    const service = await startService(folder)
    times.push(service.startMillis)
    const startedAt = performance.now()
    await pause(idleMillis)
    const idle = residentMegabytes(service.pid)
    const whileStarting = await longestDelay(service)
    await pause(Math.max(0, windowMillis - (performance.now() - startedAt)))
    await longestDelay(service)
    // A process that has nothing to do tells what the machine itself delays.
    const machine = monitorEventLoopDelay({ resolution: resolutionMillis })
    machine.enable()
    const endsAt = performance.now() + askMillis
    let asked = 0
    while (performance.now() < endsAt) {
      for (const question of askedQuestions.slice(0, 2)) asked += await askOnce(service, question).then(() => 1)
    }
    const whileAsking = await longestDelay(service)
    machine.disable()
    const afterAsking = residentMegabytes(service.pid)
    await service.kill("SIGTERM")
    const section = "start"
    return [
      {
        section,
        name: "start on 10 million events until ready",
        value: median(times),
        unit: "ms",
        goal: { is: "below", bound: 5000 },
        seen: times.map((millis) => millis.toFixed(0)).join(" ")
      },
      {
        section,
        name: "resident memory when idle on 10 million events",
        value: idle,
        unit: "MB",
        goal: { is: "below", bound: 512 },
        seen: `${afterAsking.toFixed(0)} MB after ${asked} questions`
      },
      {
        section,
        name: "longest block of the event loop while questions run",
        value: whileAsking,
        unit: "ms",
        goal: { is: "below", bound: 20 },
        seen: `${Math.max(0, machine.max / 1e6 - resolutionMillis).toFixed(1)} ms in an idle process meanwhile`
      },
      { section, name: "longest block of the event loop from start to idle", value: whileStarting, unit: "ms" }
    ]
  }
}
