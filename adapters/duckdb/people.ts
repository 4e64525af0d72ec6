import type { ListedPerson, PeoplePlan, PeopleRows } from "../../ports/analytics/PeoplePlan.ts"
import type { Read, Row } from "./Engine.ts"
import { chosenPeopleText, peoplePageText } from "./chosenPeopleText.ts"
import { newestArrival } from "./newestArrival.ts"
import { peopleBehindText } from "./peopleBehindText.ts"

export const answerPeople = async (read: Read, plan: PeoplePlan): Promise<PeopleRows> => {
  const { before, people } = peopleBehindText(plan.workspace, plan.of)
  for (const text of before) await read(text)
  await read(chosenPeopleText(people))
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
