import { DuckDBUBigIntVector } from "@duckdb/node-api"
import type { MembershipPlan, MembershipRows } from "../../ports/analytics/MembershipPlan.ts"
import { chosenPeopleText } from "./chosenPeopleText.ts"
import { membersText } from "./cohortText.ts"
import type { Read } from "./Engine.ts"
import { quote } from "./literals.ts"

/** People themselves, and all that counts for them. */
const subjectsText = `create or replace temp table chosen_subjects as
select person as subject from chosen_people
union select subject from store.people where person in (select person from chosen_people)`

const restrictedText = (workspace: string): string =>
  `select list(subject order by subject) from store.restrictions where workspace = ${quote(workspace)}`

export const answerMembership = async (
  read: Read,
  { cohort, keysMax, workspace }: MembershipPlan
): Promise<MembershipRows> => {
  await read(chosenPeopleText(membersText(cohort)))
  await read(subjectsText)
  const [counted] = await read(
    "select (select count(*) from chosen_people)::integer as people, (select count(*) from chosen_subjects)::integer as ids"
  )
  const people = Number(counted?.["people"])
  const ids = Number(counted?.["ids"])
  const restricted = await keysOf(read, restrictedText(workspace))
  if (ids > keysMax) return { people, keys: undefined, restricted }
  const keys = await keysOf(read, "select list(subject order by subject) from chosen_subjects")
  return { people, keys, restricted }
}

/** The one list of 64-bit hashes that a query answers; of no rows it is empty. */
const keysOf = async (read: Read, sql: string): Promise<BigUint64Array> => {
  const [subjects] = await read.lists(sql)
  if (!(subjects instanceof DuckDBUBigIntVector)) throw new TypeError("subjects are not of 64 bits")
  return (subjects as unknown as { readonly items: BigUint64Array }).items.slice()
}
