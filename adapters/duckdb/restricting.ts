import type { DuckDBConnection } from "@duckdb/node-api"
import { readingAs } from "./Engine.ts"
import type { Read } from "./Engine.ts"
import { quote } from "./literals.ts"
import { hashOf } from "./schema.ts"

/** Tables in which people do something. */
const tablesOfDeeds = ["events", "payments", "activity", "account_changes", "firsts", "ever"] as const

/** Texts of clients, which stay as they are, and those tables. */
const tables = new RegExp(String.raw`'(?:[^']|'')*'|\bstore\.(${tablesOfDeeds.join("|")})\b`, "g")

/**
 * Subjects of the restricted: those on the list, and whatever has come to be of the same person since, by a link or a
 * merge, from that moment on.
 */
export const restrictedSubjects = `with listed as (
    select subject from store.restrictions
    union select person from store.people where subject in (select subject from store.restrictions)
  ) select subject from listed
  union select subject from store.people where person in (select subject from listed)`

export const isUnrestricted = `subject not in (${restrictedSubjects})`

/** A text that reads nothing of the restricted where the given one reads what is there. */
export const unrestrictedText = (sql: string, isPast: boolean): string =>
  sql.replaceAll(tables, (found, table: string | undefined) => {
    if (table === undefined) return found
    // Payments of the past bear their row's number as a column already.
    const columns = table === "payments" && !isPast ? "rowid, *" : "*"
    return `(select ${columns} from ${found} where ${isUnrestricted})`
  })

export const restrictionsText = (workspace: string): string =>
  `select count(*)::integer as n from store.restrictions where workspace = ${quote(workspace)}`

export const readingUnrestricted = (read: Read, isPast: boolean): Read =>
  readingAs(read, (sql) => unrestrictedText(sql, isPast))

/** Those of the ids, one at least, that are on the workspace's list. */
export const restrictedAmongText = (workspace: string, ids: ReadonlyArray<string>): string =>
  `select id from (values ${ids.map((id) => `(${quote(id)})`).join(", ")}) asked(id)
   where ${(["u", "a"] as const).map((kind) => `${hashOf(quote(workspace), kind, "id")} in (${restrictedSubjects})`).join("\n   or ")}`

/** Replaces the workspace's list; where it is another one, watermarks from before end. */
export const replaceRestrictions = async (
  connection: DuckDBConnection,
  workspace: string,
  ids: ReadonlyArray<string>
): Promise<void> => {
  const own = quote(workspace)
  const rows = ids.flatMap((id) => (["u", "a"] as const).map((kind) => `(${own}, ${hashOf(own, kind, quote(id))})`))
  await connection.run("begin transaction")
  try {
    await connection.run("create or replace temp table asked (workspace varchar, subject ubigint)")
    if (rows.length > 0) await connection.run(`insert into asked values ${rows.join(", ")}`)
    const changed = await connection.runAndReadAll(`select count(*)::integer as n from (
      (select subject from asked except select subject from store.restrictions where workspace = ${own})
      union all (select subject from store.restrictions where workspace = ${own} except select subject from asked))`)
    if (Number(changed.getRowObjectsJS()[0]?.["n"]) > 0) {
      for (const statement of [
        `delete from store.restrictions where workspace = ${own}`,
        "insert into store.restrictions select distinct * from asked",
        `create or replace temp table raised as
         select coalesce(max(revision), 0) + 1 as revision from store.expiries where workspace = ${own}`,
        `delete from store.expiries where workspace = ${own}`,
        `insert into store.expiries select ${own}, revision from raised`
      ]) {
        await connection.run(statement)
      }
    }
    await connection.run("commit")
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
}
