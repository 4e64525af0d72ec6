import { readFileSync } from "node:fs"
import { toMinorUnits } from "../../money/minorUnits.ts"
import { parseDay } from "../../zones/zones.ts"
import type { Payment } from "../CustomerSummary.ts"
import { dayNumber } from "../dayNumbers.ts"

/** The calibration period of the papers: 39 weeks, the last day included. */
export const cdnowCalibrationEnd = dayNumber(parseDay("1997-09-30")!)

/** The purchases of CDNOW_sample.txt, as they stand there. */
export const cdnowPurchases = (): ReadonlyArray<Payment> =>
  readFileSync(new URL("../../../scripts/cdnow/CDNOW_sample.txt", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [, customer = "", day = "", , amount = ""] = line.trim().split(/\s+/)
      return {
        kind: "purchase",
        customer,
        day: dayNumber(parseDay(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`)!),
        amountMinor: BigInt(toMinorUnits(amount.replace(/^\./, "0."), "USD"))
      }
    })
