import type { DuckDBConnection } from "@duckdb/node-api"
import { readFile, rm, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { isAboutData, refusedBy } from "../inserting.ts"
import { sortLines } from "../sortLines.ts"
import type { Line } from "../sortLines.ts"
import { syncPath } from "./durableFile.ts"
import { inEngine, rowsOf, writeFileOf } from "./fileWriting.ts"
import type { LakeJobs } from "./jobs.ts"
import { dayFolder, readDay } from "./LakeFolder.ts"
import { dropKnown, stagedDays, stagedOf, stageLines } from "./lakeText.ts"
import { withPersonalApart } from "./personalValues.ts"

/** Makes the names of new folders durable. */
const syncFolders = async (root: string, days: ReadonlyArray<{ readonly workspace: string; readonly day: string }>) => {
  for (const folder of new Set(days.map((at) => dirname(dayFolder(root, at))))) await syncPath(folder)
  await syncPath(root)
}

/** The first line of each event, its sealed values apart. */
const firstOfEach = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const seen = new Set<string>()
  return lines.flatMap((line) => {
    const key = `${line.workspace}|${line.id}`
    if (seen.has(key)) return []
    seen.add(key)
    return [{ ...line, text: withPersonalApart(line.text) }]
  })
}

const stage = async (connection: DuckDBConnection, scratch: string, lines: ReadonlyArray<Line>): Promise<void> => {
  await writeFile(scratch, lines.map(({ text }) => `${text}\n`).join(""), { mode: 0o600 })
  await connection.run(stageLines(scratch))
}

/** Stages what is an event; the event store sets apart what is none. */
const stageEvents = async (connection: DuckDBConnection, scratch: string, texts: ReadonlyArray<string>) => {
  const lines = firstOfEach(sortLines(texts, false).lines)
  try {
    await stage(connection, scratch, lines)
  } catch (cause) {
    if (!isAboutData(cause)) throw cause
    const strict = firstOfEach(sortLines(texts, true).lines)
    const refused = await refusedBy(connection, scratch, strict)
    await stage(
      connection,
      scratch,
      strict.filter((line) => !refused.has(line))
    )
  }
}

export const writeDays = async ({
  root,
  scratch,
  sequence
}: LakeJobs["write"]["input"]): Promise<LakeJobs["write"]["result"]> =>
  inEngine(root, async (connection) => {
    const texts = (await readFile(scratch, "utf8")).split("\n").filter((line) => line !== "")
    await stageEvents(connection, `${scratch}.events`, texts)
    const days: Array<{ readonly workspace: string; readonly day: string }> = []
    for (const { day, workspace } of await rowsOf(connection, stagedDays)) {
      const at = { workspace: String(workspace), day: String(day) }
      const { standing } = await readDay(root, at, sequence - 1)
      if (standing.length > 0) {
        await connection.run(
          dropKnown(
            at.workspace,
            at.day,
            standing.map(({ path }) => path)
          )
        )
      }
    }
    let events = 0
    for (const row of await rowsOf(connection, stagedDays)) {
      const at = { workspace: String(row["workspace"]), day: String(row["day"]) }
      const place = { ...at, first: sequence, last: sequence, revision: 0 }
      await writeFileOf(connection, root, stagedOf(at.workspace, at.day), place)
      days.push(at)
      events += Number(row["events"])
    }
    await syncFolders(root, days)
    await rm(`${scratch}.events`, { force: true })
    return { events, days }
  })
