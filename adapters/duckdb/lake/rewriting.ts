import { inEngine, rowsOf, writeFileOf } from "./fileWriting.ts"
import type { LakeJobs } from "./jobs.ts"

export const mergeFiles = async ({
  into,
  root,
  rows
}: LakeJobs["merge"]["input"]): Promise<LakeJobs["merge"]["result"]> =>
  inEngine(root, async (connection) => {
    await writeFileOf(connection, root, rows, into)
    return {}
  })

export const removeEvents = async ({
  counts,
  files,
  root,
  selected
}: LakeJobs["remove"]["input"]): Promise<LakeJobs["remove"]["result"]> =>
  inEngine(root, async (connection) => {
    let events = 0
    for (const { into, rows } of files) {
      const [found] = await rowsOf(connection, `select count(*)::bigint as events from (${rows}) where ${selected}`)
      const here = Number(found?.["events"])
      events += here
      if (here === 0 || counts === "only") continue
      await writeFileOf(connection, root, `select * from (${rows}) where not ${selected}`, into)
    }
    return { events }
  })
