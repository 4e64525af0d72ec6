import * as fs from "node:fs"
import { dirname } from "node:path"

/**
 * What stands in the file, which is made at the first call, durable before it is answered, and read by nobody else. Two
 * processes that make it at once agree on one.
 */
export const madeOnce = (file: string, make: () => string): string => {
  const folder = dirname(file)
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!fs.existsSync(file)) {
    const own = `${file}.${process.pid}`
    fs.writeFileSync(own, make(), { mode: 0o600, flush: true })
    try {
      fs.linkSync(own, file)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
    } finally {
      fs.unlinkSync(own)
    }
    const descriptor = fs.openSync(folder, "r")
    try {
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
  }
  return fs.readFileSync(file, "utf8")
}
