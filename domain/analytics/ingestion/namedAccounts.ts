import { accountTypePattern, accountTypesMax, accountTypeUsual } from "../../../ports/analytics/Account.ts"
import { idCharactersMax } from "../../../ports/analytics/AnalyticsEvent.ts"
import { isReservedId } from "../../../ports/analytics/EventStore.ts"

/** Accounts by their type; `dropped`: something stood there that names none. */
export interface NamedAccounts {
  readonly accounts: Readonly<Record<string, string>>
  readonly dropped: boolean
}

type Properties = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The accounts that an event names: `account_id` with `account_type`, and `accounts`, ids by type. Of two of one type
 * `account_id` stands. Ids that stand for nobody name none.
 */
export const namedAccounts = (properties: Properties): NamedAccounts | undefined => {
  const { account_id, account_type = accountTypeUsual, accounts } = properties
  if (account_id === undefined && accounts === undefined) return undefined
  const asked: Array<readonly [type: unknown, id: unknown]> = [
    ...(account_id === undefined ? [] : [[account_type, account_id] as const]),
    ...(isRecord(accounts) ? Object.entries(accounts) : [])
  ]
  const found = new Map<string, string>()
  let dropped = accounts !== undefined && !isRecord(accounts)
  for (const [type, id] of asked) {
    const text = typeof id === "number" ? String(id) : id
    if (text === null || (typeof text === "string" && isReservedId(text))) continue
    const fits =
      typeof text === "string" &&
      text.length <= idCharactersMax &&
      typeof type === "string" &&
      accountTypePattern.test(type) &&
      (found.has(type) || found.size < accountTypesMax)
    if (!fits) dropped = true
    else if (!found.has(type)) found.set(type, text)
  }
  return { accounts: Object.fromEntries(found), dropped }
}
