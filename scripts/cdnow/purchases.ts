import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"

export interface Purchase {
  readonly customer: string
  readonly day: string
  readonly cents: number
}

/** The purchases of the sample, as they stand in the file. */
export const cdnowPurchases = (): ReadonlyArray<Purchase> =>
  readFileSync(new URL("CDNOW_sample.txt", import.meta.url), "utf8")
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

/** The same UUID (version 4 by its shape) for the same purchase, so that it can be sent again. */
const eventId = (index: number): string => {
  const hex = createHash("sha256").update(`cdnow ${index}`).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The purchases as events of the service, one each. */
export const cdnowEvents = () =>
  cdnowPurchases().map(({ cents, customer, day }, index) => ({
    event_id: eventId(index),
    event_type: "order_completed",
    anonymous_id: `cdnow-${customer}`,
    user_id: `cdnow-${customer}`,
    session_id: `cdnow-${index}`,
    timestamp: `${day}T12:00:00Z`,
    properties: { order_id: `cdnow-${index}`, total: (cents / 100).toFixed(2), currency: "USD" }
  }))
