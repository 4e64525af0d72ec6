import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, totalmem } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { isMet, table } from "./Figure.ts"
import type { Figure } from "./Figure.ts"
import { aa } from "./sections/aa.ts"
import { batches } from "./sections/batches.ts"
import { evaluate } from "./sections/evaluate.ts"
import { flags } from "./sections/flags.ts"
import { fresh } from "./sections/fresh.ts"
import { ingest } from "./sections/ingest.ts"
import { questions } from "./sections/questions.ts"
import { postgres } from "./sections/postgres.ts"
import { references } from "./sections/references.ts"
import { results } from "./sections/results.ts"
import { start } from "./sections/start.ts"
import { rateLimits } from "./Service.ts"

/** `npm run bench` runs everything, `npm run bench -- ingest fresh` a part. */

const sections = [ingest, batches, fresh, start, questions, postgres, aa, flags, evaluate, results, references]
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !sections.some((section) => section.name === name))
if (unknown.length > 0) {
  console.error(`no section ${unknown.join(", ")}; there are ${sections.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}

const machine = {
  cpu: cpus()[0]?.model.trim(),
  cores: availableParallelism(),
  memory_gb: Math.round(totalmem() / 2 ** 30),
  node: process.version
}
console.log(`${machine.cores} cores (${machine.cpu}), ${machine.memory_gb} GB, Node ${machine.node}`)
console.log(`rate limits raised for the bench: ${rateLimits}\n`)

const figures: Array<Figure> = []
for (const section of asked.length === 0 ? sections : sections.filter(({ name }) => asked.includes(name))) {
  process.stderr.write(`${section.name} …\n`)
  figures.push(...(await section.run()))
}
console.log(table(figures))

const kept = {
  at: new Date().toISOString(),
  machine,
  load_average: loadavg().map((load) => Math.round(load * 10) / 10),
  rate_limits: rateLimits,
  figures: figures.map((figure) => ({ ...figure, met: isMet(figure) }))
}
const folder = join(import.meta.dirname, "results")
mkdirSync(folder, { recursive: true })
const file = join(folder, asked.length === 0 ? "all.json" : `${asked.join("-")}.json`)
writeFileSync(file, `${JSON.stringify(kept, undefined, 2)}\n`)
console.log(`\nkept in ${file}`)
process.exit(0)
