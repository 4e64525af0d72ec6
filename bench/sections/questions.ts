import { percentile } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { historyFolder } from "../HistoryFolder.ts"
import { historyTo } from "../historyLines.ts"
import { askQuestion, startService } from "../Service.ts"

const sizes = [100_000, 1_000_000, 10_000_000]
const warmUps = 5
const times = 40
const day = (millis: number) => new Date(millis).toISOString().slice(0, 10)
const range = { from: day(historyTo - 30 * 86_400_000), to: day(historyTo - 1) }
const trend = (dimension: string) => ({
  date_range: range,
  interval: "day",
  metrics: ["people", "events"],
  dimensions: [dimension]
})

/** 30 days by day, people and events. */
export const trends = [
  { name: "by country", question: trend("country") },
  { name: "by a custom property", question: trend("property:plan") }
]

/** What questions cost as the folder grows. */
export const questions: Section = {
  name: "questions",
  run: async () => {
    const figures: Array<Figure> = []
    for (const events of sizes) {
      const service = await startService(await historyFolder(events))
      for (const { name, question } of trends) {
        for (let index = 0; index < warmUps; index += 1) await askQuestion(service, question)
        const millis: Array<number> = []
        for (let index = 0; index < times; index += 1) millis.push(await askQuestion(service, question))
        figures.push({
          section: "questions",
          name: `30-day trend ${name}, ${(events / 1e6).toLocaleString("en")} million events, p95`,
          value: percentile(millis, 0.95),
          unit: "ms",
          ...(events === sizes.at(-1) ? { goal: { is: "below", bound: 500 } } : {}),
          seen: `p50 ${percentile(millis, 0.5).toFixed(0)} ms`
        })
      }
      await service.kill("SIGTERM")
    }
    return figures
  }
}
