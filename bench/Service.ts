import { readdirSync, readFileSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import { ask, spawnServer, tokenFor } from "../journeys/ServerProcess.ts"
import type { AskedQuestion } from "./askedQuestions.ts"
import type { ServerProcess } from "../journeys/ServerProcess.ts"

/** Limits that the bench raises, so that what is measured is the work and not the refusals. */
export const rateLimits = "ingest=100000000,batch=100000000,evaluate=100000000,default=100000000"

export interface Service extends ServerProcess {
  readonly port: number
  readonly token: string
  /** ms from the start of the process until it said that it is ready. */
  readonly startMillis: number
}

/** The service as its users run it, once everything that its log holds is answered for. */
export const startService = async (folder: string, startMillisMax = 60_000): Promise<Service> => {
  const startedAt = performance.now()
  const server = await spawnServer(folder, { RATE_LIMITS: rateLimits })
  for (;;) {
    const state = await fetch(`${server.url}/health/ready`).then(
      (response) => response.json() as Promise<{ readonly status: string }>,
      () => undefined
    )
    const startMillis = performance.now() - startedAt
    if (state?.status === "ready") {
      return { ...server, port: Number(new URL(server.url).port), token: tokenFor(folder), startMillis }
    }
    if (server.child.exitCode !== null) throw new Error(`the service ended:\n${server.output()}`)
    if (startMillis > startMillisMax) {
      await server.kill("SIGKILL")
      throw new Error(`the service is not ready after ${startMillisMax} ms:\n${server.output()}`)
    }
    await pause(10)
  }
}

/** Samples of one metric, by their labels as written. */
export const readMetric = async (service: ServerProcess, name: string): Promise<ReadonlyMap<string, number>> => {
  const text = await (await fetch(service.metricsUrl)).text()
  const samples = new Map<string, number>()
  for (const line of text.split("\n")) {
    const [, labels = "", value] = new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`).exec(line) ?? []
    if (value !== undefined) samples.set(labels, Number(value))
  }
  return samples
}

/** Waits until everything stored is in the answers; answers how long that took. */
export const waitUntilIndexed = async (service: ServerProcess): Promise<number> => {
  const startedAt = performance.now()
  for (;;) {
    const behind = await readMetric(service, "marketing_consumer_lag_bytes")
    if ([...behind].every(([, bytes]) => bytes === 0)) return performance.now() - startedAt
    await pause(20)
  }
}

export interface Processor {
  /** Of the thread that runs the JavaScript. */
  readonly mainMillis: number
  /** Of all other threads. */
  readonly otherMillis: number
}

const tickMillis = 10

/** Processor time that a process has used so far, from Linux's /proc; zeros elsewhere. */
export const processorTime = (pid: number): Processor => {
  let all = 0
  let main = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      const millis = (Number(fields[11]) + Number(fields[12])) * tickMillis
      all += millis
      if (Number(thread) === pid) main = millis
    }
  } catch {
    return { mainMillis: main, otherMillis: all - main }
  }
  return { mainMillis: main, otherMillis: all - main }
}

/** Resident memory of a process in MB, from Linux's /proc. */
export const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1024

/** How long one answer takes, ms. */
export const askOnce = async (
  service: ServerProcess & { readonly token: string },
  { body: question, path }: Pick<AskedQuestion, "body" | "path">
): Promise<number> => {
  const startedAt = performance.now()
  const { body, status } = await ask(service, "POST", path, { token: service.token, body: question })
  if (status !== 200) throw new Error(`the question was answered ${status}: ${JSON.stringify(body)}`)
  return performance.now() - startedAt
}

export const askQuestion = (service: Service, question: Readonly<Record<string, unknown>>): Promise<number> =>
  askOnce(service, { path: "/analytics/query", body: question })
