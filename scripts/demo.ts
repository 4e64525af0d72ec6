import { rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { ask, freshFolder, startServer, tokenFor } from "../journeys/ServerProcess.ts"
import type { Answer, ServerProcess } from "../journeys/ServerProcess.ts"
import type { LifetimeResult } from "../ports/analytics/LifetimeQuestion.ts"
import type { RetentionResult } from "../ports/analytics/RetentionQuestion.ts"
import { cdnowLifetime, cdnowRetention, parameterLines, retentionLines, valueLines } from "./cdnow/lifetime.ts"
import { cdnowEvents, cdnowPurchases } from "./cdnow/purchases.ts"
import type { Purchase } from "./cdnow/purchases.ts"

/**
 * Sends the CDNOW purchases through the HTTP API and compares what the API answers with the file itself: on a service
 * of its own in a temporary folder, or with `--url` on one that runs (its data folder is DATA_DIR, as ever).
 */

interface Month {
  orders: number
  cents: number
  readonly buyers: Set<string>
}

const batchEvents = 1000
/** Where the minute's requests are used up, waits as long as the answer says. */
const askWithinLimits = async (server: ServerProcess, path: string, token: string, body: unknown): Promise<Answer> => {
  for (;;) {
    const answer = await ask(server, "POST", path, { token, body })
    if (answer.status !== 429) return answer
    const seconds = Number(answer.headers.get("retry-after") ?? 1)
    console.log(`the limit of requests is reached: waiting ${seconds} s`)
    await new Promise((done) => setTimeout(done, seconds * 1000))
  }
}

const send = async (server: ServerProcess, token: string): Promise<string> => {
  const events = cdnowEvents()
  let stored = 0
  let duplicates = 0
  for (let at = 0; at < events.length; at += batchEvents) {
    const { body, status } = await askWithinLimits(server, "/analytics/events/batch", token, {
      events: events.slice(at, at + batchEvents),
      historical: true
    })
    if (status !== 200) throw new Error(`the batch was answered ${status}: ${JSON.stringify(body)}`)
    stored += Number(body["stored"])
    duplicates += Number(body["duplicates"])
  }
  return `${stored} stored, ${duplicates} known before`
}

const monthsOf = (purchases: ReadonlyArray<Purchase>): ReadonlyMap<string, Month> => {
  const months = new Map<string, Month>()
  for (const { cents, customer, day } of purchases) {
    const month = months.get(day.slice(0, 7)) ?? { orders: 0, cents: 0, buyers: new Set<string>() }
    month.orders += 1
    month.cents += cents
    month.buyers.add(customer)
    months.set(day.slice(0, 7), month)
  }
  return months
}

type Result = {
  readonly buckets: ReadonlyArray<string>
  readonly totals: Readonly<Record<string, number | string>>
  readonly series: ReadonlyArray<Readonly<Record<string, number | string>>>
}

const question = {
  date_range: { from: "1997-01-01", to: "1998-06-30" },
  interval: "month",
  event_types: ["order_completed"],
  metrics: ["orders", "revenue", "people"]
}

const answer = async (server: ServerProcess, token: string, orders: number): Promise<Result> => {
  for (let tries = 0; ; tries += 1) {
    const { body, status } = await askWithinLimits(server, "/analytics/query", token, question)
    if (status !== 200) throw new Error(`the question was answered ${status}: ${JSON.stringify(body)}`)
    const result = body as unknown as Result
    if (Number(result.totals["orders"]) >= orders || tries > 40) return result
    await new Promise((done) => setTimeout(done, 250))
  }
}

const print = (result: Result, months: ReadonlyMap<string, Month>): boolean => {
  const row = (...cells: ReadonlyArray<string | number>) =>
    console.log(
      cells
        .map((cell, at) => String(cell).padStart(at === 0 ? 8 : 12))
        .join("")
        .trimEnd()
    )
  row("", "from the", "API", "", "from the", "file", "")
  row("month", "orders", "revenue", "buyers", "orders", "revenue", "buyers")
  let equal = true
  for (const [index, bucket] of result.buckets.entries()) {
    const month = bucket.slice(0, 7)
    const own = result.series[index]!
    const { buyers, cents, orders } = months.get(month)!
    const same =
      own["orders"] === orders && own["revenue"] === (cents / 100).toFixed(2) && own["people"] === buyers.size
    equal &&= same
    row(
      month,
      own["orders"]!,
      own["revenue"]!,
      own["people"]!,
      orders,
      (cents / 100).toFixed(2),
      `${buyers.size}${same ? " =" : " ≠"}`
    )
  }
  return equal
}

/** Prints the curves, the values and the parameters; whether these are the papers'. */
const printLifetime = async (server: ServerProcess, token: string): Promise<boolean> => {
  const answerTo = async (path: string, body: unknown): Promise<unknown> => {
    const asked = await askWithinLimits(server, path, token, body)
    if (asked.status !== 200) throw new Error(`${path} was answered ${asked.status}: ${JSON.stringify(asked.body)}`)
    return asked.body
  }
  const curves = (await answerTo("/analytics/retention/query", cdnowRetention)) as RetentionResult
  const lifetime = (await answerTo("/analytics/ltv/query", cdnowLifetime)) as LifetimeResult
  const parameters = parameterLines(lifetime)
  if (parameters === undefined) throw new Error(`nothing was fitted: ${JSON.stringify(lifetime.prediction)}`)
  for (const lines of [retentionLines(curves), valueLines(lifetime), parameters.lines]) {
    console.log(["", ...lines].join("\n"))
  }
  console.log(parameters.equal ? "The models have the papers' parameters." : "The models DIFFER from the papers'.")
  return parameters.equal
}

/** Where the picture of who comes back is written. */
const pictureFile = join(tmpdir(), "broxiva-cdnow-retention.svg")

const drawRetention = async (server: ServerProcess, token: string): Promise<void> => {
  const drawn = await fetch(`${server.url}/analytics/retention/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "image/svg+xml" },
    body: JSON.stringify(cdnowRetention)
  })
  const svg = await drawn.text()
  if (drawn.status !== 200) throw new Error(`the picture was answered ${drawn.status}: ${svg}`)
  writeFileSync(pictureFile, svg)
  console.log(`Who comes back, as a picture: ${pictureFile}`)
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: { url: { type: "string" } } })
  const purchases = cdnowPurchases()
  const folder = values.url === undefined ? freshFolder() : process.env["DATA_DIR"] || "./data"
  // The product's own limits: seven batches are far below them.
  const own = values.url === undefined ? await startServer(folder, { RATE_LIMITS: "" }) : undefined
  const server = own ?? ({ url: values.url } as ServerProcess)
  try {
    const token = tokenFor(folder)
    console.log(`${purchases.length} purchases of CDNOW: ${await send(server, token)}`)
    const months = monthsOf(purchases)
    const result = await answer(server, token, purchases.length)
    const equal = print(result, months)
    const cents = purchases.reduce((sum, purchase) => sum + purchase.cents, 0)
    const customers = new Set(purchases.map((purchase) => purchase.customer)).size
    const totals = result.totals
    const same =
      totals["orders"] === purchases.length &&
      totals["revenue"] === (cents / 100).toFixed(2) &&
      totals["people"] === customers
    console.log(
      `total: ${totals["orders"]} orders, ${totals["revenue"]} USD, ${totals["people"]} buyers; file: ${purchases.length}, ${(cents / 100).toFixed(2)}, ${customers}`
    )
    console.log(equal && same ? "The API and the file agree." : "The API and the file DIFFER.")
    const fitted = await printLifetime(server, token)
    await drawRetention(server, token)
    return equal && same && fitted ? 0 : 1
  } finally {
    if (own !== undefined) {
      await own.kill("SIGTERM")
      rmSync(folder, { recursive: true })
    }
  }
}

process.exitCode = await main()
