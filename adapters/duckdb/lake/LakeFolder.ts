import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"

/**
 * A file holds events of one day of a workspace, from one or several writings in a row:
 * `<first>-<last>.<revision>.<events>.<oldest>.<newest>.parquet`. It stands in for every file whose writings lie in its
 * own, and for one of the same writings with a lower revision; so one rename replaces many files, and a crash leaves
 * the old ones or the new one.
 */
export interface LakeFile {
  readonly workspace: string
  readonly day: string
  readonly path: string
  readonly first: number
  readonly last: number
  readonly revision: number
  readonly events: number
  /** Event time of the oldest and the newest event, ms UTC. */
  readonly oldest: number
  readonly newest: number
}

export type NewLakeFile = Omit<LakeFile, "path">

const fileName = /^(\d{10})-(\d{10})\.(\d{1,9})\.(\d{1,10})\.(-?\d{1,16})\.(-?\d{1,16})\.parquet$/
const workspaceName = /^workspace=([a-z0-9][a-z0-9-]{0,62})$/
const dayName = /^day=(-?\d{1,6}-\d{2}-\d{2})$/
const padded = (sequence: number): string => String(sequence).padStart(10, "0")

export const workspaceFolder = (root: string, workspace: string): string => join(root, `workspace=${workspace}`)

export const dayFolder = (root: string, { day, workspace }: { readonly workspace: string; readonly day: string }) =>
  join(workspaceFolder(root, workspace), `day=${day}`)

export const pathOf = (root: string, file: NewLakeFile): string =>
  join(
    dayFolder(root, file),
    `${padded(file.first)}-${padded(file.last)}.${file.revision}.${file.events}.${file.oldest}.${file.newest}.parquet`
  )

const named = async (folder: string, pattern: RegExp): Promise<ReadonlyArray<string>> => {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return []
    throw cause
  })
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []).toSorted()
}

export const listWorkspaces = (root: string) => named(root, workspaceName)

export const listDays = (root: string, workspace: string) => named(workspaceFolder(root, workspace), dayName)

/** Every file of the day, whatever replaced it. */
const listFiles = async (root: string, at: { readonly workspace: string; readonly day: string }) => {
  const folder = dayFolder(root, at)
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return []
    throw cause
  })
  return names.flatMap((name): ReadonlyArray<LakeFile> => {
    const found = fileName.exec(name)
    if (found === null) return []
    const [first, last, revision, events, oldest, newest] = found.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number
    ]
    return [{ ...at, path: join(folder, name), first, last, revision, events, oldest, newest }]
  })
}

export interface DayFiles {
  /** What the day consists of, in order of writing. */
  readonly standing: ReadonlyArray<LakeFile>
  /** Replaced by another, or of a writing that did not come to its end. */
  readonly obsolete: ReadonlyArray<LakeFile>
}

/** `sequence`: the last writing that came to its end. */
export const readDay = async (
  root: string,
  at: { readonly workspace: string; readonly day: string },
  sequence: number
): Promise<DayFiles> => {
  const files = (await listFiles(root, at)).toSorted(
    (a, b) => a.first - b.first || b.last - a.last || b.revision - a.revision
  )
  const standing: Array<LakeFile> = []
  const obsolete: Array<LakeFile> = []
  let covered = -1
  for (const file of files) {
    if (file.last > sequence || file.last <= covered) obsolete.push(file)
    else {
      standing.push(file)
      covered = file.last
    }
  }
  return { standing, obsolete }
}

/** How far the lake is, in one file that is replaced whole. */
export interface Progress {
  readonly sequence: number
  /** By partition of the log. */
  readonly positions: Readonly<Record<string, string>>
  readonly receivedMicros: number
  /** Counts removals: what was answered before one is not what is answered after it. */
  readonly removals: number
}

export const emptyProgress: Progress = { sequence: 0, positions: {}, receivedMicros: 0, removals: 0 }

export const progressFile = (root: string): string => join(root, "progress.json")

/** `undefined` where there is none that can be read: the log is taken from its begin again, events that are there once stay so. */
export const readProgress = async (root: string): Promise<Progress | undefined> => {
  try {
    const read = JSON.parse(await readFile(progressFile(root), "utf8")) as Partial<Progress>
    const numbers = [read.sequence, read.receivedMicros, read.removals]
    if (numbers.every(Number.isSafeInteger) && typeof read.positions === "object") return read as Progress
  } catch {
    // None yet, or half of one.
  }
  return undefined
}
