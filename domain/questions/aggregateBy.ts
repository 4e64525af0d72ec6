import { accountTypePattern, accountTypeUsual } from "../../ports/analytics/Account.ts"
import { nearest } from "./nearest.ts"
import type { Report } from "./Report.ts"

const accountPrefix = "account:"

/** The type of accounts that `account` or `account:company` names, `undefined` where it names none. */
export const accountTypeOf = (text: string): string | undefined => {
  if (text === "account") return accountTypeUsual
  const type = text.startsWith(accountPrefix) ? text.slice(accountPrefix.length) : ""
  return accountTypePattern.test(type) ? type : undefined
}

/** The type of accounts that a question counts, absent where it counts people. */
export const readAggregateBy = (aggregateBy: string | undefined, report: Report): { readonly accountType?: string } => {
  if (aggregateBy === undefined || aggregateBy === "person") return {}
  const accountType = accountTypeOf(aggregateBy)
  if (accountType !== undefined) return { accountType }
  const near = nearest(aggregateBy, ["person", "account"])
  const hint = near === undefined ? "" : `; did you mean ${near}?`
  report("/aggregate_by", "unknown_unit", `must be person, account or account: and a type like account:company${hint}`)
  return {}
}

/** How an answer says what it counts. */
export const shownAggregate = (accountType: string | undefined): { readonly aggregate_by?: string } =>
  accountType === undefined ? {} : { aggregate_by: `${accountPrefix}${accountType}` }
