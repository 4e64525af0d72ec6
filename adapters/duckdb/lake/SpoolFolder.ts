import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Spooled } from "../../../ports/analytics/EventSpool.ts"
import { moveDurably, syncPath, writeDurably } from "./durableFile.ts"

export interface SpoolPart {
  readonly part: string
  readonly path: string
  readonly events: number
  readonly bytes: number
}

/** What a whole file consists of, in its order. */
interface Whole {
  readonly parts: ReadonlyArray<{ readonly file: string; readonly bytes: number }>
  readonly events: number
  readonly bytes: number
}

const partName = /^(.+)\.(\d{1,12})\.part$/
const wholeName = "whole.json"
const planName = "plan.json"

const namesIn = (folder: string): Promise<ReadonlyArray<string>> =>
  readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return []
    throw cause
  })

/** Spooled files, each a folder of parts `<name>.<events>.part`; what has another name is not whole. */
export class SpoolFolder {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
  }

  names(): Promise<ReadonlyArray<string>> {
    return namesIn(this.#root)
  }

  /** Where a part is written until it is whole. */
  async beside(name: string, part: string): Promise<string> {
    await mkdir(join(this.#root, name), { recursive: true, mode: 0o700 })
    return join(this.#root, name, `${part}.new`)
  }

  async part(name: string, part: string): Promise<SpoolPart | undefined> {
    const files = await namesIn(join(this.#root, name))
    const file = files.find((each) => partName.exec(each)?.[1] === part)
    return file === undefined ? undefined : this.#measure(name, file)
  }

  /** In the order of the names. */
  async parts(name: string, parts: ReadonlyArray<string>): Promise<ReadonlyArray<SpoolPart>> {
    const files = await namesIn(join(this.#root, name))
    const fileOf = new Map(files.map((file) => [partName.exec(file)?.[1], file]))
    return Promise.all(
      parts.map((part) => {
        const file = fileOf.get(part)
        if (file === undefined) throw new Error(`the part ${part} is missing`)
        return this.#measure(name, file)
      })
    )
  }

  /** Names of the parts that the file is to have, once that is decided. */
  async plan(name: string): Promise<ReadonlyArray<string> | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#root, name, planName), "utf8")) as ReadonlyArray<string>
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
      throw cause
    }
  }

  async keepPlan(name: string, parts: ReadonlyArray<string>): Promise<void> {
    await mkdir(join(this.#root, name), { recursive: true, mode: 0o700 })
    await writeDurably(join(this.#root, name, planName), JSON.stringify(parts))
  }

  async #measure(name: string, file: string): Promise<SpoolPart> {
    const [, part = "", events] = partName.exec(file) ?? []
    const path = join(this.#root, name, file)
    return { part, path, events: Number(events), bytes: (await stat(path)).size }
  }

  /** Gives a written part its name, durably. */
  async keep(name: string, part: string, written: string, events: number): Promise<void> {
    await moveDurably(written, join(this.#root, name, `${part}.${events}.part`))
  }

  async write(name: string, part: string, text: string): Promise<void> {
    const beside = await this.beside(name, part)
    const file = await open(beside, "w", 0o600)
    await file.writeFile(text).finally(() => file.close())
    await this.keep(name, part, beside, 0)
  }

  async finish(name: string, parts: ReadonlyArray<SpoolPart>): Promise<Spooled> {
    const folder = join(this.#root, name)
    const whole: Whole = {
      parts: parts.map(({ bytes, path }) => ({ file: path.slice(folder.length + 1), bytes })),
      events: parts.reduce((sum, { events }) => sum + events, 0),
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    await writeDurably(join(folder, wholeName), JSON.stringify(whole))
    const kept = new Set([wholeName, planName, ...whole.parts.map(({ file }) => file)])
    for (const file of await namesIn(folder)) if (!kept.has(file)) await rm(join(folder, file), { force: true })
    await syncPath(this.#root)
    return { events: whole.events, bytes: whole.bytes }
  }

  async whole(name: string): Promise<Whole> {
    return JSON.parse(await readFile(join(this.#root, name, wholeName), "utf8")) as Whole
  }

  /** Up to `length` bytes from `at` of the whole, all of one part. Opened anew each time: what was removed is not read on. */
  async slice(name: string, whole: Whole, at: number, length: number): Promise<Uint8Array> {
    let begin = 0
    for (const { bytes, file } of whole.parts) {
      if (at < begin + bytes) {
        const handle = await open(join(this.#root, name, file), "r")
        try {
          const size = Math.min(length, begin + bytes - at)
          const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, at - begin)
          if (bytesRead < size) throw new Error(`the part ${file} is shorter than it was`)
          return buffer
        } finally {
          await handle.close()
        }
      }
      begin += bytes
    }
    throw new Error(`byte ${at} lies behind the end`)
  }

  /** The list of parts first: without it nothing of the file is read any more. */
  async remove(name: string): Promise<void> {
    await rm(join(this.#root, name, wholeName), { force: true })
    await rm(join(this.#root, name), { recursive: true, force: true })
  }
}
