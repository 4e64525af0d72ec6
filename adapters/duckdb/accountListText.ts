import type { AccountPlan } from "../../ports/analytics/AccountPlan.ts"
import { accountHash, accountIdText, accountText, isOpen, membershipsText } from "./accountText.ts"
import { filterText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

/** The accounts that are asked for with what their events say, into `chosen_accounts`; `among`: those of `chosen_people`. */
export const chosenAccountsText = (plan: AccountPlan, among: boolean): string => {
  const { accountId, accountType, filter, idPrefix, workspace } = plan
  const account = accountText(accountType)
  const own = [
    `e.workspace = ${quote(workspace)}`,
    accountId === undefined
      ? `${account} is not null`
      : `${account} = ${accountHash(quote(workspace), accountType, quote(accountId))}`,
    ...(among ? [`${account} in (select person from chosen_people)`] : []),
    ...(idPrefix === undefined ? [] : [`starts_with(${accountIdText(accountType)}, ${quote(idPrefix)})`])
  ]
  const joins = traitJoins(workspace, traitsOf(filter, []), accountType)
  return `create or replace temp table chosen_accounts as
select ${account} as account, any_value(${accountIdText(accountType)}) as account_id,
  min(e.time_ms) as first_seen, max(e.time_ms) as last_seen, count(*) as events
from store.events e left join store.people p on p.subject = e.subject${joins}
where ${own.join(" and ")}
group by 1${filter === undefined ? "" : `\nhaving bool_or(${filterText(filter)})`}`
}

/** A page of them with their members, last seen first. */
export const accountPageText = ({
  accountType,
  before,
  limit,
  workspace
}: AccountPlan): string => `with page as materialized (
  select * from chosen_accounts${
    before === undefined ? "" : ` where (last_seen, account_id) < (${before.lastSeen}, ${quote(before.accountId)})`
  }
  order by last_seen desc, account_id desc limit ${limit}
), members as (
  select m.account, count(distinct m.person) as members from ${membershipsText(workspace, accountType)} m
  where ${isOpen("m")} and m.account in (select account from page) group by 1
)
select page.account::varchar as key, account_id, first_seen, last_seen, events, coalesce(members, 0) as members
from page left join members using (account) order by last_seen desc, account_id desc`

/** Traits that are read of one account; one with more shows the first by name. */
export const accountTraitsMax = 1000

/** The newest value of each trait of the accounts with these keys. */
export const accountTraitsText = (workspace: string, keys: ReadonlyArray<string>): string => `with changes as (
  select account, unnest(json_keys(traits)) as name, traits, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id) as place
  from store.account_changes
  where workspace = ${quote(workspace)} and account in (${keys.map((key) => `${BigInt(key)}::ubigint`).join(", ")}) and json_type(traits) = 'OBJECT'
)
select account::varchar as key, name, arg_max(json_extract(traits, '/' || replace(replace(name, '~', '~0'), '/', '~1')), place)::varchar as value
from changes group by account, name qualify row_number() over (partition by account order by name) <= ${accountTraitsMax} order by 1, 2`
