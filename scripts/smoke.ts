import process from "node:process"
import { toMinorUnits } from "../domain/money/minorUnits.ts"
import { bucketStarts } from "../domain/zones/buckets.ts"
import { parseDay, startOfDay } from "../domain/zones/zones.ts"

/** The pure domain on whatever runtime reads this file: prints the runtime, fails where an answer is wrong. */
const zone = "Europe/Berlin"
const hours = bucketStarts({
  zone,
  interval: "hour",
  weekStart: 1,
  fromMillis: startOfDay(zone, parseDay("2026-03-29")!),
  toMillis: startOfDay(zone, parseDay("2026-03-30")!),
  countMax: 100
}).length
const cents = toMinorUnits("12.34", "USD")
if (hours !== 23 || cents !== 1234) throw new Error(`wrong answers: ${hours} hours, ${String(cents)} cents`)
const runtime =
  process.versions["bun"] === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions["bun"]}`
console.log(`${runtime}: the domain answers right`)
