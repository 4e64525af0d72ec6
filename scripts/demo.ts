import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import process from "node:process"
import { ask, freshFolder, startServer, tokenFor } from "../journeys/ServerProcess.ts"
import type { ServerProcess } from "../journeys/ServerProcess.ts"

/** Sends the CDNOW purchases through the HTTP API and compares what the API answers with the file itself. */

interface Purchase {
  readonly customer: string
  readonly day: string
  readonly cents: number
}

interface Month {
  orders: number
  cents: number
  readonly buyers: Set<string>
}

const batchEvents = 1000
const file = new URL("cdnow/CDNOW_sample.txt", import.meta.url)

const readPurchases = (): ReadonlyArray<Purchase> =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [, customer = "", date = "", , amount = ""] = line.trim().split(/\s+/)
      const [dollars = "0", cents = "00"] = amount.split(".")
      return {
        customer,
        day: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`,
        cents: Number(dollars) * 100 + Number(cents.padEnd(2, "0"))
      }
    })

/** The same UUID (version 4 by its shape) for the same purchase, so that the demo can be run again. */
const eventId = (index: number): string => {
  const hex = createHash("sha256").update(`cdnow ${index}`).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const eventOf = ({ cents, customer, day }: Purchase, index: number) => ({
  event_id: eventId(index),
  event_type: "order_completed",
  anonymous_id: `cdnow-${customer}`,
  user_id: `cdnow-${customer}`,
  session_id: `cdnow-${index}`,
  timestamp: `${day}T12:00:00Z`,
  properties: { order_id: `cdnow-${index}`, total: (cents / 100).toFixed(2), currency: "USD" }
})

const send = async (server: ServerProcess, token: string, purchases: ReadonlyArray<Purchase>): Promise<string> => {
  const events = purchases.map(eventOf)
  let stored = 0
  let duplicates = 0
  for (let at = 0; at < events.length; at += batchEvents) {
    const { body, status } = await ask(server, "POST", "/analytics/events/batch", {
      token,
      body: { events: events.slice(at, at + batchEvents), historical: true }
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
    const { body } = await ask(server, "POST", "/analytics/query", { token, body: question })
    const result = body as unknown as Result
    if (Number(result.totals?.["orders"]) >= orders || tries > 100) return result
    await new Promise((done) => setTimeout(done, 100))
  }
}

const print = (result: Result, months: ReadonlyMap<string, Month>): boolean => {
  const row = (...cells: ReadonlyArray<string | number>) =>
    console.log(cells.map((cell, at) => String(cell).padStart(at === 0 ? 8 : 12)).join(""))
  row("month", "orders", "revenue", "buyers", "file", "", "")
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

const main = async (): Promise<number> => {
  const purchases = readPurchases()
  const folder = process.env["DATA_DIR"] || freshFolder()
  const running = process.env["BROXIVA_URL"]
  const server = running === undefined ? await startServer(folder) : ({ url: running } as ServerProcess)
  try {
    const token = process.env["BROXIVA_TOKEN"] ?? tokenFor(folder)
    console.log(`${purchases.length} purchases of CDNOW: ${await send(server, token, purchases)}`)
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
    return equal && same ? 0 : 1
  } finally {
    if (running === undefined) await server.kill("SIGTERM")
  }
}

process.exitCode = await main()
