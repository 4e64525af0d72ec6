import type { AccountPlan, AccountRows } from "../../ports/analytics/AccountPlan.ts"
import { accountPageText, accountTraitsText, chosenAccountsText } from "./accountListText.ts"
import { chosenPeopleText } from "./chosenPeopleText.ts"
import type { Read } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import { gatherPeopleBehind } from "./peopleBehind.ts"

export const answerAccounts = async (read: Read, plan: AccountPlan): Promise<AccountRows> => {
  if (plan.of !== undefined) await read(chosenPeopleText(await gatherPeopleBehind(read, plan.workspace, plan.of)))
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
