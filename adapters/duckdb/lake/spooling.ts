import type { DuckDBConnection } from "@duckdb/node-api"
import { open, stat } from "node:fs/promises"
import { quote, quotePath } from "../literals.ts"
import { inEngine, rowsOf } from "./fileWriting.ts"
import type { LakeJobs } from "./jobs.ts"

type Input = LakeJobs["spool"]["input"]
type Result = LakeJobs["spool"]["result"]

/** Lines are made of 2048 events at once, each of up to 64 KB, and sorted events lie beside them. */
const memoryOfSpooling = "640MB"

/** Writes a file; it is not durable yet, and has its name only once it is. */
export const spoolRows = async (input: Input): Promise<Result> =>
  inEngine(
    input.root,
    (connection) =>
      input.lineEnd === undefined ? spoolParquet(connection, input) : spoolLines(connection, input, input.lineEnd),
    memoryOfSpooling
  )

const spoolParquet = async (connection: DuckDBConnection, input: Input): Promise<Result> => {
  const { bytesMax, eventsMax, into, rows } = input
  await connection.run(`copy (${rows}) to ${quote(into)} (format parquet, compression zstd)`)
  const [found] = await rowsOf(connection, `select count(*)::bigint as events from read_parquet(${quotePath(into)})`)
  const events = Number(found?.["events"])
  const bytes = (await stat(into)).size
  return { events, bytes, exceeds: events > eventsMax ? "events" : bytes > bytesMax ? "bytes" : undefined }
}

const spoolLines = async (connection: DuckDBConnection, input: Input, lineEnd: string): Promise<Result> => {
  const { bytesMax, eventsMax, into, rows } = input
  const result = await connection.stream(rows)
  const file = await open(into, "w", 0o600)
  let events = 0
  let bytes = 0
  try {
    for await (const lines of result.yieldRowsJs()) {
      const text = lines.map(([line]) => `${String(line)}${lineEnd}`).join("")
      events += lines.length
      bytes += (await file.write(text)).bytesWritten
      if (events > eventsMax || bytes > bytesMax) break
    }
  } finally {
    await file.close()
  }
  return { events, bytes, exceeds: events > eventsMax ? "events" : bytes > bytesMax ? "bytes" : undefined }
}
