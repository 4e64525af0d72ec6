import * as fs from "node:fs"
import { dirname } from "node:path"
import { busyTimeoutMillis, connect } from "./Database.ts"

export interface DatabaseCopy {
  readonly bytes: number
  /** Rows by table, of those that hold any. */
  readonly rows: Readonly<Record<string, number>>
}

/**
 * Copies one state of a database that another process may be writing to, without its write-ahead log and without
 * overwritten pages; then opens the copy and checks all of it. The copy is for its owner's eyes only.
 */
export const copyDatabase = async (from: string, to: string): Promise<DatabaseCopy> => {
  fs.accessSync(from)
  fs.mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  fs.closeSync(fs.openSync(to, "wx", 0o600))
  const source = await connect(from)
  try {
    source.exec(`PRAGMA busy_timeout = ${busyTimeoutMillis}`)
    source.exec(`VACUUM INTO '${to.replaceAll("'", "''")}'`)
  } finally {
    source.close()
  }
  syncFile(to)
  return { bytes: fs.statSync(to).size, rows: await checkedRows(to) }
}

const checkedRows = async (file: string): Promise<Readonly<Record<string, number>>> => {
  const copy = await connect(file)
  try {
    const [found] = copy.prepare("PRAGMA integrity_check").all() as ReadonlyArray<{ integrity_check: string }>
    if (found?.integrity_check !== "ok") throw new Error(`the copy ${file} is not whole: ${found?.integrity_check}`)
    const tables = copy
      .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name")
      .all() as ReadonlyArray<{ name: string }>
    const count = (name: string) =>
      Number((copy.prepare(`select count(*) as n from "${name}"`).get() as { n: number }).n)
    return Object.fromEntries(tables.map(({ name }) => [name, count(name)] as const).filter(([, rows]) => rows > 0))
  } finally {
    copy.close()
  }
}

const syncFile = (file: string): void => {
  const descriptor = fs.openSync(file, "r+")
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
