import type { ListedPerson, PeoplePlan, PeopleRows } from "../../ports/analytics/PeoplePlan.ts"
import type { Read, Row } from "./Engine.ts"
import { chosenPeopleText, peoplePageText } from "./chosenPeopleText.ts"
import { newestArrival } from "./newestArrival.ts"
import { gatherPeopleBehind } from "./peopleBehind.ts"

export const answerPeople = async (read: Read, plan: PeoplePlan): Promise<PeopleRows> => {
  await read(chosenPeopleText(await gatherPeopleBehind(read, plan.workspace, plan.of)))
  const [counted] = await read("select count(*)::integer as people from chosen_people")
  const page = plan.limit === 0 ? [] : await read(peoplePageText(plan))
  return {
    people: Number(counted?.["people"]),
    page: page.map(personOf),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const personOf = (row: Row): ListedPerson => ({
  key: String(row["key"]),
  person_id: String(row["person_id"]),
  device: row["device"] === true,
  first_seen: Number(row["first_seen"]),
  last_seen: Number(row["last_seen"]),
  events: Number(row["events"])
})
