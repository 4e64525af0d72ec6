import * as fs from "node:fs"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { copyLog } from "../adapters/disk/EventLogCopy.ts"
import { copyDatabase } from "../adapters/sqlite/DatabaseCopy.ts"
import type { DatabaseCopy } from "../adapters/sqlite/DatabaseCopy.ts"
import { filesOf } from "../adapters/dataFiles.ts"

/**
 * Copies a data folder, running or not. The order makes the copies fit each other:
 * documents before the log, so that a dead letter that is put back into the log meanwhile is in one of them at least;
 * keys after the log, so that every sealed line has its key, and an erased person's key is gone;
 * root keys after the keys that they wrap.
 * The event store is not copied: it is built anew from the log.
 */

/** A destroyed key lives on in the copies of keys made before: this long, and no longer. */
const keysKeptDaysMax = 30
const usage = "usage: npm run backup -- --to <new folder> [--keys-to <new folder>]"

class Refusal extends Error {}

const refuseUnlessNew = (folder: string, source: string): void => {
  if (folder === source || folder.startsWith(`${source}/`)) throw new Refusal(`${folder} lies in the data folder`)
  if (fs.existsSync(folder) && (!fs.statSync(folder).isDirectory() || fs.readdirSync(folder).length > 0)) {
    throw new Refusal(`${folder} is not empty: name a new folder`)
  }
}

const copyFile = (from: string, to: string): void => {
  const bytes = fs.readFileSync(from)
  const descriptor = fs.openSync(to, "wx", 0o600)
  try {
    fs.writeSync(descriptor, bytes)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  if (!fs.readFileSync(to).equals(bytes)) throw new Error(`${to} was written wrong`)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`
const rowsOf = ({ bytes, rows }: DatabaseCopy): string =>
  `${Object.values(rows).reduce((sum, count) => sum + count, 0)} rows, ${megabytes(bytes)}`
const print = (name: string, text: string) => console.log(`${name.padEnd(14)}${text}`)

const backup = async (data: string, to: string, keysTo: string): Promise<void> => {
  const from = filesOf(data)
  const copy = filesOf(to)
  fs.mkdirSync(copy.log, { recursive: true, mode: 0o700 })
  fs.mkdirSync(keysTo, { recursive: true, mode: 0o700 })
  print("Data folder", data)
  print("documents", rowsOf(await copyDatabase(from.documents, copy.documents)))
  const log = copyLog(from.log, copy.log)
  print(
    "event log",
    `${log.lines} lines in ${log.segments} ${log.segments === 1 ? "segment" : "segments"}, ${megabytes(log.bytes)}, through ${log.through}`
  )
  const keyOf = (file: string) => join(keysTo, file.slice(dirname(file).length + 1))
  const keys = await copyDatabase(from.subjectKeys, keyOf(from.subjectKeys))
  for (const file of [from.rootKey, from.tokenKey]) copyFile(file, keyOf(file))
  // A service of an earlier version has signed no receipts and sealed no watermarks.
  for (const file of [from.receiptKey, from.watermarkKey]) if (fs.existsSync(file)) copyFile(file, keyOf(file))
  print(
    "keys",
    `${keys.rows["subject_keys"] ?? 0} of people, the root keys and the key of tokens, ${megabytes(keys.bytes)}`
  )
}

const shellWord = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

const epilogue = (to: string, keysTo: string, now: Date): string => {
  const until = new Date(now.getTime() + keysKeptDaysMax * 86_400_000).toISOString().slice(0, 10)
  return `
Written and checked:
  ${to}
  ${keysTo}
The second folder opens the personal data of this copy and of all others. Keep it apart from them, and destroy it
by ${until} (${keysKeptDaysMax} days): until then it can still read people who were erased since.

Restore, into a folder that does not exist yet:
  mkdir -p restored/keys
  cp -R ${shellWord(to)}/. restored/
  cp -R ${shellWord(keysTo)}/. restored/keys/
  DATA_DIR=./restored npm start
The first start builds the event store anew from the log.`
}

const readArguments = (): { readonly to: string; readonly "keys-to"?: string } => {
  try {
    const { values } = parseArgs({ options: { to: { type: "string" }, "keys-to": { type: "string" } } })
    if (values.to) return { ...values, to: values.to }
  } catch {
    // An unknown word: the usage says all.
  }
  throw new Refusal(usage)
}

const main = async (): Promise<void> => {
  const values = readArguments()
  const data = resolve(process.env["DATA_DIR"] || "./data")
  const to = resolve(values.to)
  const keysTo = resolve(values["keys-to"] || `${to}-keys`)
  if (!fs.existsSync(filesOf(data).documents)) throw new Refusal(`${data} is no data folder: set DATA_DIR`)
  for (const folder of [to, keysTo]) refuseUnlessNew(folder, data)
  if (to === keysTo) throw new Refusal("the keys need a folder of their own")
  await backup(data, to, keysTo)
  console.log(epilogue(to, keysTo, new Date()))
}

try {
  await main()
} catch (cause) {
  const reason = cause instanceof Error ? cause.message : String(cause)
  process.stderr.write(cause instanceof Refusal ? `${reason}\n` : `The backup is not complete, remove it: ${reason}\n`)
  process.exitCode = 1
}
