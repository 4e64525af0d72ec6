import { freshFolder } from "../../journeys/ServerProcess.ts"
import { median } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { startLoadGenerator } from "../LoadGenerator.ts"
import { startService, waitUntilIndexed } from "../Service.ts"

const rounds = 3
const seconds = 5
const eventsPerRequest = 1000
const connections = 4

/** Events by the thousand. */
export const batches: Section = {
  name: "batches",
  run: async () => {
    const generator = startLoadGenerator()
    const service = await startService(freshFolder())
    let run = 1000
    const measure = async (personal: boolean, long: number) => {
      const { port, token } = service
      const load = { port, token, path: "/analytics/events/batch", connections, seconds: long, personal }
      const result = await generator.run({ ...load, run: ++run, eventsPerRequest })
      if (result.refused > 0) throw new Error(`${result.refused} batches were refused`)
      return {
        ...result,
        eventsPerSecond: result.perSecond * eventsPerRequest,
        behind: await waitUntilIndexed(service)
      }
    }
    const figures: Array<Figure> = []
    await measure(true, 3)
    for (const personal of [false, true]) {
      const results: Array<Awaited<ReturnType<typeof measure>>> = []
      for (let round = 0; round < rounds; round += 1) results.push(await measure(personal, seconds))
      const of = (value: (result: (typeof results)[number]) => number) => median(results.map(value))
      figures.push({
        section: "batches",
        name: personal ? "batches of 1000, every 5th event personal" : "batches of 1000 without personal data",
        value: of((result) => result.eventsPerSecond),
        unit: "events/s",
        ...(personal ? {} : { goal: { is: "at least", bound: 50_000 } }),
        seen: `p99 ${of((result) => result.p99).toFixed(0)} ms a batch; all in the answers ${of(({ behind }) => behind).toFixed(0)} ms later`
      })
    }
    generator.stop()
    await service.kill("SIGTERM")
    return figures
  }
}
