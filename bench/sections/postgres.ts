import { isDeepStrictEqual } from "node:util"
import process from "node:process"
import { ask } from "../../journeys/ServerProcess.ts"
import { median } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { copyOfHistory } from "../HistoryFolder.ts"
import { comparedQuestions } from "../postgres/comparedQuestions.ts"
import type { ComparedQuestion } from "../postgres/comparedQuestions.ts"
import { loadHistory } from "../postgres/loadHistory.ts"
import { hasPostgres, startPostgres } from "../postgres/PostgresServer.ts"
import type { PostgresServer } from "../postgres/PostgresServer.ts"
import { startService, waitUntilIndexed } from "../Service.ts"
import type { Service } from "../Service.ts"
import { millionsOf, timesOf } from "./questions.ts"

const events = Number(process.env["BENCH_EVENTS"] ?? "1000000")
const times = 5
const ratioMin = 3
const meanMin = 10
const section = "postgres"

const theirTimes = async ({ client }: PostgresServer, { sql }: ComparedQuestion) => {
  const { rows } = await client.query<Readonly<Record<string, unknown>>>(sql)
  const millis: Array<number> = []
  for (let index = 0; index < times; index += 1) {
    const startedAt = performance.now()
    await client.query(sql)
    millis.push(performance.now() - startedAt)
  }
  return { rows, millis }
}

const compare = async (service: Service, server: PostgresServer, compared: ComparedQuestion) => {
  const { question } = compared
  const { body: answer } = await ask(service, "POST", question.path, { token: service.token, body: question.body })
  const ours = median(await timesOf(service, question))
  const { millis, rows } = await theirTimes(server, compared)
  const [left, right] = [compared.ours(answer), compared.theirs(rows, answer)]
  const equal = isDeepStrictEqual(left, right)
  if (!equal) {
    const shorten = (value: unknown) => JSON.stringify(value).slice(0, 600)
    process.stderr.write(`${question.name}: answers differ\n  ${shorten(left)}\n  ${shorten(right)}\n`)
  }
  return { ours, theirs: median(millis), equal }
}

const figureOf = async (service: Service, server: PostgresServer, compared: ComparedQuestion): Promise<Figure> => {
  const { equal, ours, theirs } = await compare(service, server, compared)
  return {
    section,
    name: `${compared.question.name}, ${millionsOf(events)}${equal ? "" : ", ANSWERS DIFFER"}`,
    value: theirs / ours,
    unit: "×",
    goal: { is: "at least", bound: ratioMin },
    seen: `p50 ${ours.toFixed(0)} ms, Postgres ${server.version} ${theirs.toFixed(0)} ms`
  }
}

const compareAll = async (): Promise<Array<Figure>> => {
  const { folder, remove } = await copyOfHistory(events)
  const server = await startPostgres()
  try {
    await loadHistory(server, events)
    const service = await startService(folder)
    await waitUntilIndexed(service)
    const figures: Array<Figure> = []
    for (const compared of comparedQuestions) figures.push(await figureOf(service, server, compared))
    await service.kill("SIGTERM")
    return figures
  } finally {
    await server.stop()
    remove()
  }
}

/** The same events and questions in Postgres, equal answers or none. */
export const postgres: Section = {
  name: "postgres",
  run: async () => {
    if (!hasPostgres()) {
      process.stderr.write("postgres: left out, as initdb and postgres are not on this machine\n")
      return []
    }
    const figures = await compareAll()
    const mean = Math.exp(figures.reduce((sum, { value }) => sum + Math.log(value), 0) / figures.length)
    figures.push({
      section,
      name: `geometric mean, ${millionsOf(events)}`,
      value: mean,
      unit: "×",
      goal: { is: "at least", bound: meanMin }
    })
    return figures
  }
}
