import type { ServerProcess } from "../../journeys/ServerProcess.ts"
import { askedQuestions } from "../askedQuestions.ts"
import type { AskedQuestion } from "../askedQuestions.ts"
import { percentile } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { copyOfHistory } from "../HistoryFolder.ts"
import { startLoadGenerator } from "../LoadGenerator.ts"
import type { LoadGenerator } from "../LoadGenerator.ts"
import { askOnce, residentMegabytes, startService, waitUntilIndexed } from "../Service.ts"
import type { Service } from "../Service.ts"

const sizes = (process.env["BENCH_EVENTS"] ?? "100000,1000000,10000000").split(",").map(Number)
const warmUps = 2
const times = 20
/** No question is asked for longer than this, if it has been asked often enough for a figure. */
const askMillisMax = 6000
const timesMin = 5
const eventsPerRequest = 100
const eventsPerSecond = 1000
const goal = { is: "below", bound: 500 } as const
const memoryGoal = { is: "below", bound: 2048 } as const

export const millionsOf = (events: number): string => `${(events / 1e6).toLocaleString("en")} million events`

/** Events of today, while questions on the days before are asked. */
export const keepIngesting = ({ port, token }: Service, generator: LoadGenerator, seconds: number) =>
  generator.run({
    port,
    token,
    path: "/analytics/events/batch",
    connections: 1,
    run: 4000 + (Date.now() % 1_000_000),
    personal: true,
    seconds,
    eventsPerRequest,
    perSecond: eventsPerSecond / eventsPerRequest
  })

/** How long each answer took, warm. */
export const timesOf = async (service: ServerProcess & { readonly token: string }, question: AskedQuestion) => {
  for (let index = 0; index < warmUps; index += 1) await askOnce(service, question)
  const millis: Array<number> = []
  const startedAt = performance.now()
  while (millis.length < times && (millis.length < timesMin || performance.now() - startedAt < askMillisMax))
    millis.push(await askOnce(service, question))
  return millis
}

const figuresOf = async (events: number): Promise<ReadonlyArray<Figure>> => {
  const { folder, remove } = await copyOfHistory(events)
  const service = await startService(folder)
  await waitUntilIndexed(service)
  const generator = startLoadGenerator()
  const ingested = keepIngesting(service, generator, askedQuestions.length * (askMillisMax / 1000))
  const figures: Array<Figure> = []
  let memory = 0
  for (const question of askedQuestions) {
    const millis = await timesOf(service, question)
    memory = Math.max(memory, residentMegabytes(service.pid))
    figures.push({
      section: "questions",
      name: `${question.name}, ${millionsOf(events)}, p95`,
      value: percentile(millis, 0.95),
      unit: "ms",
      goal,
      seen: `p50 ${percentile(millis, 0.5).toFixed(0)} ms, ${millis.length} times`
    })
  }
  figures.push({
    section: "questions",
    name: `resident memory while they are asked, ${millionsOf(events)}`,
    value: memory,
    unit: "MB",
    goal: memoryGoal,
    seen: `beside ${eventsPerSecond} events/s`
  })
  generator.stop()
  void ingested
  await service.kill("SIGTERM")
  remove()
  return figures
}

/** What questions cost as the folder grows, beside a steady ingestion. */
export const questions: Section = {
  name: "questions",
  run: async () => {
    const figures: Array<Figure> = []
    for (const events of sizes) figures.push(...(await figuresOf(events)))
    return figures
  }
}
