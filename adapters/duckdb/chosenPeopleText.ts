import type { PeoplePlan } from "../../ports/analytics/PeoplePlan.ts"
import { quote } from "./literals.ts"
import { isLinkable, ownIdText } from "./schema.ts"

/** The people of a query that has a column `person`, once each, into `chosen_people`. */
export const chosenPeopleText = (people: string): string =>
  `create or replace temp table chosen_people as\nselect distinct person from (${people})`

/** A page of them with the id that each goes by: that of the user it resolves to, else the first that it was seen with. */
export const peoplePageText = ({ after, limit, workspace }: PeoplePlan): string => `with page as materialized (
  select person from chosen_people${after === undefined ? "" : ` where person > ${BigInt(after)}::ubigint`}
  order by person limit ${limit}
), members as materialized (
  select person as subject, person from page
  union select subject, person from store.people where person in (select person from page)
)
select person::varchar as key, name.id as person_id, name.device as device, first_seen, last_seen, events from (
  select m.person, min(struct_pack(other := e.subject <> m.person, id := ${ownIdText}, device := not ${isLinkable("e.user_id")})) as name,
    min(e.time_ms) as first_seen, max(e.time_ms) as last_seen, count(e.properties) as events
  from store.ever e join members m on m.subject = e.subject
  where e.workspace = ${quote(workspace)} group by m.person
)
order by person`
