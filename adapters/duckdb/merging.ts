import type { DuckDBConnection } from "@duckdb/node-api"
import type { UserMerge } from "../../ports/analytics/EventStore.ts"
import { quote } from "./literals.ts"
import { hashOf, nextTick, resolvePeople } from "./schema.ts"

/** Merges that one statement names. */
const mergesPerStatement = 500

const wantedText = (workspace: string, merges: ReadonlyArray<UserMerge>): ReadonlyArray<string> => {
  const own = quote(workspace)
  const user = (id: string) => hashOf(own, "u", quote(id))
  const slices = Array.from({ length: Math.ceil(merges.length / mergesPerStatement) }, (_, slice) =>
    merges.slice(slice * mergesPerStatement, (slice + 1) * mergesPerStatement)
  )
  return [
    "create or replace temp table wanted (from_subject ubigint, into_subject ubigint)",
    ...slices.map(
      (slice) =>
        `insert into wanted values ${slice.map(({ from, into }) => `(${user(from)}, ${user(into)})`).join(", ")}`
    )
  ]
}

/** Users whose merge comes, goes or leads elsewhere, into the temporary table `changed`. */
const changedText = (workspace: string): string => `
create or replace temp table changed as
with held as (
  select from_subject, into_subject from store.merges where workspace = ${quote(workspace)} and until is null
)
select distinct from_subject as subject from (
  (from held except from wanted) union all (from wanted except from held)
)`

const changes = (workspace: string, tick: number): ReadonlyArray<string> => {
  const own = quote(workspace)
  return [
    `update store.merges set until = ${tick}
     where workspace = ${own} and until is null and from_subject in (select subject from changed)`,
    `insert into store.merges
     select ${own}, from_subject, into_subject, ${tick}, null from wanted where from_subject in (select subject from changed)`,
    `create or replace temp table led as
     select distinct anonymous_subject as subject from store.links where user_subject in (select subject from changed)`,
    resolvePeople("led"),
    "delete from store.people where subject in (select subject from changed)",
    `insert into store.people
     select workspace, from_subject, into_subject from store.merges
     where until is null and from_subject in (select subject from changed)`
  ]
}

/** Ends the workspace's merges that are not given, begins the others, and resolves those alone whom that changes. */
export const replaceMerges = async (
  connection: DuckDBConnection,
  workspace: string,
  merges: ReadonlyArray<UserMerge>
): Promise<void> => {
  for (const statement of wantedText(workspace, merges)) await connection.run(statement)
  await connection.run("begin transaction")
  try {
    await connection.run(changedText(workspace))
    const counted = await connection.runAndReadAll("select count(*)::integer as n from changed")
    if (Number(counted.getRowObjectsJS()[0]?.["n"]) > 0) {
      const [next] = (await connection.runAndReadAll(nextTick)).getRowObjectsJS()
      for (const statement of changes(workspace, Number(next?.["tick"]))) await connection.run(statement)
    }
    await connection.run("commit")
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
}
