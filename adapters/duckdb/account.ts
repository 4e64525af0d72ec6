import type { AccountPlan, AccountRows } from "../../ports/analytics/AccountPlan.ts"
import { accountPageText, accountTraitsText, chosenAccountsText } from "./accountListText.ts"
import { chosenPeopleText } from "./chosenPeopleText.ts"
import type { Read } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import { peopleBehindText } from "./peopleBehindText.ts"

export const answerAccounts = async (read: Read, plan: AccountPlan): Promise<AccountRows> => {
  if (plan.of !== undefined) {
    const { before, people } = peopleBehindText(plan.workspace, plan.of)
    for (const text of before) await read(text)
    await read(chosenPeopleText(people))
  }
  await read(chosenAccountsText(plan, plan.of !== undefined))
  const [counted] = await read("select count(*)::integer as accounts from chosen_accounts")
  const page = await read(accountPageText(plan))
  const keys = page.map((row) => String(row["key"]))
  const traits = keys.length === 0 ? [] : await read(accountTraitsText(plan.workspace, keys))
  const traitsOfKey = Map.groupBy(traits, (row) => String(row["key"]))
  return {
    accounts: Number(counted?.["accounts"]),
    page: page.map((row) => ({
      account_id: String(row["account_id"]),
      members: Number(row["members"]),
      first_seen: Number(row["first_seen"]),
      last_seen: Number(row["last_seen"]),
      events: Number(row["events"]),
      traits: Object.fromEntries(
        (traitsOfKey.get(String(row["key"])) ?? []).map((trait) => [
          String(trait["name"]),
          JSON.parse(String(trait["value"])) as unknown
        ])
      )
    })),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}
