import { open, rename } from "node:fs/promises"
import { dirname } from "node:path"

export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Gives a whole file its name: a reader after a crash sees what was there before, or all of it. */
export const moveDurably = async (from: string, to: string): Promise<void> => {
  await syncPath(from)
  await rename(from, to)
  await syncPath(dirname(to))
}

export const writeDurably = async (path: string, text: string): Promise<void> => {
  const beside = `${path}.new`
  const handle = await open(beside, "w", 0o600)
  try {
    await handle.writeFile(text)
  } finally {
    await handle.close()
  }
  await moveDurably(beside, path)
}
