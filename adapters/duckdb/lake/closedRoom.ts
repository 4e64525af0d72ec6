import { DuckDBInstance } from "@duckdb/node-api"
import type { DuckDBConnection } from "@duckdb/node-api"
import process from "node:process"
import { quote } from "../literals.ts"
import type { LakeJobs } from "./jobs.ts"
import { refusalOf } from "./queryTree.ts"
import { RefusedStatement } from "./RefusedStatement.ts"

/** Memory of the engine in a closed room, and of the whole process, whoever took it. */
export const roomMegabytes = 256
export const roomProcessMegabytes = 768
const watchedEveryMillis = 50
/** SELECT, by the numbers of DuckDB's C API. */
const selectStatement = 1

const tooMuchMemory = `the statement needs more than the ${roomMegabytes} MB of memory that one has: narrow it by time, or group less`

/** An engine of its own with files for the views alone; after this nothing about it can be changed. */
export const openRoom = async ({
  paths,
  views
}: Pick<LakeJobs["select"]["input"], "paths" | "views">): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${roomMegabytes}MB`,
    threads: "1",
    temp_directory: "",
    max_temp_directory_size: "0B",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false"
  })
  const connection = await instance.connect()
  await connection.run("set timezone = 'UTC'")
  for (const view of views) await connection.run(view)
  await connection.run(`set allowed_paths = [${paths.map(quote).join(", ")}]`)
  await connection.run("set enable_external_access = false")
  await connection.run("set lock_configuration = true")
  return connection
}

/** What the engine allocates outside of its own accounts counts as well. */
const watchMemory = (refuse: (reason: RefusedStatement) => void): (() => void) => {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() > roomProcessMegabytes * 1024 * 1024) refuse(new RefusedStatement(tooMuchMemory))
  }, watchedEveryMillis)
  return () => clearInterval(timer)
}

/** Runs one SELECT over the views and ends with it. */
export const selectRows = async (input: LakeJobs["select"]["input"]): Promise<LakeJobs["select"]["result"]> => {
  const connection = await openRoom(input)
  let stop = (): void => undefined
  const exceeded = new Promise<never>((_, reject) => (stop = watchMemory(reject)))
  try {
    return await Promise.race([judgeAndRun(connection, input), exceeded])
  } catch (cause) {
    throw refusalFrom(cause, input)
  } finally {
    stop()
  }
}

const judgeAndRun = async (connection: DuckDBConnection, input: LakeJobs["select"]["input"]) => {
  if (input.sql.includes("\0")) throw new RefusedStatement("must not contain the character NUL")
  const tree = await connection.runAndReadAll("select json_serialize_sql($1::varchar)", [input.sql])
  const refusal = refusalOf(String(tree.getRowsJson()[0]?.[0]), new Set(input.viewNames))
  if (refusal !== undefined) throw new RefusedStatement(refusal)
  const statements = await connection.extractStatements(input.sql)
  if (statements.count !== 1) throw new RefusedStatement("must be one statement")
  const statement = await statements.prepare(0)
  if ((statement.statementType as number) !== selectStatement) throw new RefusedStatement("must be a SELECT")
  return readRows(connection, input)
}

const readRows = async (connection: DuckDBConnection, { bytesMax, rowsMax, sql }: LakeJobs["select"]["input"]) => {
  const result = await connection.stream(sql)
  const names = result.deduplicatedColumnNames()
  const types = result.columnTypes()
  const columns = names.map((name, at) => ({ name, type: String(types[at]) }))
  const texts: Array<string> = []
  let bytes = 0
  let truncatedBy: "rows" | "bytes" | undefined
  for await (const rows of result.yieldRowsJson()) {
    for (const row of rows) {
      if (texts.length === rowsMax) truncatedBy = "rows"
      else {
        const text = JSON.stringify(row)
        bytes += Buffer.byteLength(text) + 1
        if (bytes > bytesMax) truncatedBy = "bytes"
        else texts.push(text)
      }
      if (truncatedBy !== undefined) break
    }
    if (truncatedBy !== undefined) break
  }
  return { columns, rowsJson: `[${texts.join(",")}]`, rows: texts.length, truncatedBy }
}

/** The engine's words for the statement's author: without the statement, and without a path. */
const refusalFrom = (cause: unknown, { paths }: LakeJobs["select"]["input"]): unknown => {
  if (cause instanceof RefusedStatement) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/out of memory|allocat/i.test(text)) return new RefusedStatement(tooMuchMemory)
  // A file that is not there or not whole is no fault of the statement.
  if (/^IO Error|No files found|parquet/i.test(text)) return cause
  const [words = ""] = text.split(/\n+LINE \d+:|\n\n/)
  const clean = paths.reduce((whole, path) => whole.replaceAll(path, "…"), words)
  const advice = / (Use|Try|You can) [^]*\b(SET|PRAGMA|INSTALL|LOAD)\b[^]*$/i
  return new RefusedStatement(
    clean
      .replaceAll(/\/[^\s'"]*\.parquet/g, "…")
      .replace(advice, "")
      .slice(0, 1000)
  )
}
