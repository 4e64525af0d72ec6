import type { DuckDBConnection } from "@duckdb/node-api"
import { quote } from "./literals.ts"
import { eventTables, hashOf, recountArrivals, resolvePeople } from "./schema.ts"

/** Ids that one statement names. */
const idsPerStatement = 500

const slicesOf = (ids: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(ids.length / idsPerStatement) }, (_, slice) =>
    ids.slice(slice * idsPerStatement, (slice + 1) * idsPerStatement)
  )

/** What is deleted of the subjects in the temporary table `erased`. */
const deletions: ReadonlyArray<string> = [
  ...eventTables.map((table) => `delete from store.${table} where subject in (select subject from erased)`),
  `create or replace temp table loosened as select distinct anonymous_subject as subject from store.links
   where user_subject in (select subject from erased) or anonymous_subject in (select subject from erased)`,
  `delete from store.links
   where user_subject in (select subject from erased) or anonymous_subject in (select subject from erased)`,
  `delete from store.merges
   where from_subject in (select subject from erased) or into_subject in (select subject from erased)`,
  `delete from store.people where subject in (select subject from erased) or person in (select subject from erased)`,
  resolvePeople("loosened")
]

const setEpoch = (workspace: string, epoch: number): ReadonlyArray<string> => [
  `delete from store.erasures where workspace = ${quote(workspace)}`,
  `insert into store.erasures values (${quote(workspace)}, ${epoch})`
]

/** Deletes what is held of the subjects in one transaction; answers how many events went. */
export const eraseSubjects = async (
  connection: DuckDBConnection,
  workspace: string,
  subjects: ReadonlyArray<string>,
  epoch: number
): Promise<{ readonly events: number }> => {
  await connection.run("create or replace temp table erased (subject ubigint)")
  const hash = (kind: "u" | "a", id: string) => `(${hashOf(quote(workspace), kind, quote(id))})`
  for (const slice of slicesOf(subjects)) {
    const values = slice.flatMap((id) => [hash("u", id), hash("a", id)])
    await connection.run(`insert into erased values ${values.join(", ")}`)
  }
  await connection.run("begin transaction")
  try {
    const counted = await connection.runAndReadAll(
      "select count(*)::integer as n from store.events where subject in (select subject from erased)"
    )
    const some = subjects.length > 0 ? [...deletions, recountArrivals(workspace)] : []
    for (const statement of [...some, ...setEpoch(workspace, epoch)]) await connection.run(statement)
    await connection.run("commit")
    return { events: Number(counted.getRowObjectsJS()[0]?.["n"]) }
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
}
