import { mkdir, readFile, rm, stat, unlink } from "node:fs/promises"
import { join } from "node:path"
import type { LakeDay, LakeSelection } from "../../../ports/analytics/EventLake.ts"
import { writeDurably } from "./durableFile.ts"
import {
  emptyProgress,
  listDays,
  listWorkspaces,
  progressFile,
  readDay,
  readProgress,
  workspaceFolder
} from "./LakeFolder.ts"
import type { LakeFile, Progress } from "./LakeFolder.ts"

interface DayKey {
  readonly workspace: string
  readonly day: string
}

/** What a reader of a workspace's files holds: they stay until it is released. */
export interface Reading {
  readonly files: ReadonlyArray<LakeFile>
  /** What is being removed and must not be seen. */
  readonly removing: ReadonlyArray<LakeSelection>
  readonly release: () => void
}

const removingFile = (root: string, workspace: string): string =>
  join(workspaceFolder(root, workspace), "removing.json")

/** The files of the lake, and who reads them. */
export class Catalog {
  readonly root: string
  progress: Progress = emptyProgress
  /** The progress that readers see: with its files in place. */
  shown: Progress = emptyProgress
  readonly #days = new Map<string, Map<string, ReadonlyArray<LakeFile>>>()
  readonly #removing = new Map<string, ReadonlyArray<LakeSelection>>()
  readonly #readers = new Set<Promise<void>>()
  #retired: Promise<void> = Promise.resolve()

  constructor(root: string) {
    this.root = root
  }

  /** Reads the folder; what a writing left that did not come to its end is taken away. */
  async open(): Promise<void> {
    const scratch = join(this.root, "scratch")
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const progress = await readProgress(this.root)
    const sequence = progress?.sequence ?? Number.MAX_SAFE_INTEGER
    let last = 0
    for (const workspace of await listWorkspaces(this.root)) {
      for (const day of await listDays(this.root, workspace)) {
        for (const file of await this.#read({ workspace, day }, sequence)) last = Math.max(last, file.last)
      }
      const removing = await readRemoving(this.root, workspace)
      if (removing.length > 0) this.#removing.set(workspace, removing)
    }
    this.progress = progress ?? { ...emptyProgress, sequence: last }
    this.shown = this.progress
    await this.#retired
  }

  /** Looks at the day's folder again; what was replaced goes once nobody reads it. */
  async refresh(at: DayKey): Promise<void> {
    await this.#read(at, this.progress.sequence)
  }

  async #read(at: DayKey, sequence: number): Promise<ReadonlyArray<LakeFile>> {
    const { obsolete, standing } = await readDay(this.root, at, sequence)
    const days = this.#days.get(at.workspace) ?? new Map<string, ReadonlyArray<LakeFile>>()
    this.#days.set(at.workspace, days.set(at.day, standing))
    if (obsolete.length > 0) this.#retired = Promise.all([this.#retired, this.#retire(obsolete)]).then(() => undefined)
    return standing
  }

  /** Takes the files away once nobody reads them who began before. */
  async #retire(files: ReadonlyArray<LakeFile>): Promise<void> {
    await Promise.all(this.#readers)
    for (const { path } of files) await unlink(path).catch(() => undefined)
  }

  /** Ends when everything that was replaced is gone. */
  get retired(): Promise<void> {
    return this.#retired
  }

  /** Makes a writing's end durable; `days` are those that it changed. */
  async save(progress: Progress, days: ReadonlyArray<DayKey> = []): Promise<void> {
    await writeDurably(progressFile(this.root), JSON.stringify(progress))
    this.progress = progress
    for (const day of days) await this.refresh(day)
    this.shown = progress
  }

  /** Says durably what is being removed, so that it is not seen any more and a crash does not forget it. */
  async setRemoving(workspace: string, selections: ReadonlyArray<LakeSelection>): Promise<void> {
    const file = removingFile(this.root, workspace)
    if (selections.length === 0) await rm(file, { force: true })
    else {
      await mkdir(workspaceFolder(this.root, workspace), { recursive: true, mode: 0o700 })
      await writeDurably(file, JSON.stringify(selections))
    }
    if (selections.length === 0) this.#removing.delete(workspace)
    else this.#removing.set(workspace, selections)
  }

  removing(workspace: string): ReadonlyArray<LakeSelection> {
    return this.#removing.get(workspace) ?? []
  }

  workspacesRemoving(): ReadonlyArray<string> {
    return [...this.#removing.keys()]
  }

  files(workspace: string): ReadonlyArray<LakeFile> {
    const days = [...(this.#days.get(workspace) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return days.flatMap(([, files]) => files)
  }

  day({ day, workspace }: DayKey): ReadonlyArray<LakeFile> {
    return this.#days.get(workspace)?.get(day) ?? []
  }

  read(workspace: string): Reading {
    let release = (): void => undefined
    const reading = new Promise<void>((resolve) => (release = resolve))
    this.#readers.add(reading)
    return {
      files: this.files(workspace).filter(({ events }) => events > 0),
      removing: this.removing(workspace),
      release: () => {
        this.#readers.delete(reading)
        release()
      }
    }
  }

  async describe(workspace: string): Promise<ReadonlyArray<LakeDay>> {
    const days: Array<LakeDay> = []
    for (const [day, files] of Map.groupBy(this.files(workspace), (file) => file.day)) {
      const events = files.reduce((sum, file) => sum + file.events, 0)
      if (events === 0) continue
      let bytes = 0
      for (const { path } of files) bytes += (await stat(path)).size
      days.push({ day, events, files: files.length, bytes })
    }
    return days
  }
}

const readRemoving = async (root: string, workspace: string): Promise<ReadonlyArray<LakeSelection>> => {
  try {
    return JSON.parse(await readFile(removingFile(root, workspace), "utf8")) as ReadonlyArray<LakeSelection>
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return []
    throw cause
  }
}
