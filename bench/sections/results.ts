import { DatabaseSync } from "node:sqlite"
import { filesOf } from "../../adapters/dataFiles.ts"
import { schemaVersion } from "../../adapters/duckdb/schema.ts"
import { ask } from "../../journeys/ServerProcess.ts"
import { experimentKey, experimentLines, phaseFrom, variants } from "../experimentLines.ts"
import { percentile } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { keptFolder } from "../HistoryFolder.ts"
import { processorTime, readMetric, residentMegabytes, startService } from "../Service.ts"
import type { Service } from "../Service.ts"
import { millionsOf } from "./questions.ts"

const sizes = (process.env["BENCH_EVENTS"] ?? "10000000").split(",").map(Number)
const eventsPerPerson = 10
const linesVersion = 1
const warmUps = 2
const times = 20
const goal = { is: "below", bound: 500 } as const

const of = (type: string) => ({ event_types: [type] })
const definition = {
  key: experimentKey,
  name: "Short checkout",
  variants: variants.map((id) => ({ id, weight: 50 })),
  goals: [
    { id: "ordered", measure: { kind: "rate", of: of("order_completed") } },
    {
      id: "revenue",
      measure: { kind: "mean", of: of("order_completed"), value: { kind: "revenue" } },
      cap: { kind: "percentile", percentile: 99 },
      cuped_days: 14
    }
  ],
  secondary: [
    {
      id: "carts-per-view",
      measure: { kind: "ratio", of: of("product_added_to_cart"), by: { of: of("product_viewed") } }
    },
    {
      id: "bought-after-view",
      measure: {
        kind: "funnel",
        steps: ["product_viewed", "product_added_to_cart", "order_completed"].map(of),
        conversion_window: { value: 14, unit: "day" }
      }
    }
  ],
  guardrails: [
    { id: "searches", measure: { kind: "mean", of: of("search_performed") }, direction: "decrease", margin: 0.02 }
  ]
}

const send = async (service: Service, method: string, path: string, body?: unknown) => {
  const answer = await ask(service, method, path, { token: service.token, body })
  if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body as Readonly<Record<string, unknown>>
}

const path = "/experiments/experiments"

/** A phase begins when it is started; the events of this one are older. */
const moveBack = (folder: string): void => {
  const database = new DatabaseSync(filesOf(folder).documents)
  const document = "collection = 'experiments' and id = ?"
  const row = database.prepare(`select data from documents where ${document}`).get(experimentKey)
  const data = JSON.parse(String(row?.["data"])) as { phases: Array<Record<string, unknown>> }
  data.phases[0]!["started_at"] = phaseFrom
  database.prepare(`update documents set data = ? where ${document}`).run(JSON.stringify(data), experimentKey)
  database.close()
}

const folderOf = (events: number): Promise<string> =>
  keptFolder({
    name: `experiment-${linesVersion}.${schemaVersion}-${events}`,
    lines: () => experimentLines(events / eventsPerPerson),
    prepare: async (service) => {
      await send(service, "POST", path, definition)
      await send(service, "POST", `${path}/${experimentKey}/start`)
    },
    amend: moveBack
  })

const figuresOf = async (events: number): Promise<ReadonlyArray<Figure>> => {
  const service = await startService(await folderOf(events))
  const millis: Array<number> = []
  const processor: Array<number> = []
  const main: Array<number> = []
  let units = 0
  for (let index = 0; index < warmUps + times; index += 1) {
    const before = processorTime(service.pid)
    const startedAt = performance.now()
    const results = await send(service, "GET", `${path}/${experimentKey}/results`)
    const took = performance.now() - startedAt
    units = (results["split"] as { readonly units: number }).units
    if (index < warmUps) continue
    const after = processorTime(service.pid)
    millis.push(took)
    main.push(after.mainMillis - before.mainMillis)
    processor.push(after.mainMillis + after.otherMillis - before.mainMillis - before.otherMillis)
  }
  const delays = await readMetric(service, "nodejs_eventloop_lag_max_seconds")
  const memory = residentMegabytes(service.pid)
  await service.kill("SIGTERM")
  const name = (what: string) => `${what}, ${millionsOf(events)}, ${units.toLocaleString("en")} people exposed`
  return [
    {
      section: "results",
      name: name("results of 5 metrics, p95"),
      value: percentile(millis, 0.95),
      unit: "ms",
      goal,
      seen: `p50 ${percentile(millis, 0.5).toFixed(0)} ms, ${millis.length} times`
    },
    {
      section: "results",
      name: name("processor time of one answer"),
      value: percentile(processor, 0.5),
      unit: "ms",
      seen: `${percentile(main, 0.5).toFixed(0)} ms of it on the main thread`
    },
    {
      section: "results",
      name: name("longest delay of the event loop"),
      value: (delays.get("") ?? Number.NaN) * 1000,
      unit: "ms",
      seen: `resident ${memory.toFixed(0)} MB`
    }
  ]
}

/** What the results of an experiment cost as people are exposed; no answer is kept anywhere. */
export const results: Section = {
  name: "results",
  run: async () => {
    const figures: Array<Figure> = []
    for (const events of sizes) figures.push(...(await figuresOf(events)))
    return figures
  }
}
