import { Effect } from "effect"
import { accountTypePattern, accountTypeUsual } from "../../../ports/analytics/Account.ts"
import type { AccountItem, AccountList } from "../../../ports/analytics/Account.ts"
import type { AccountPlan, ListedAccount } from "../../../ports/analytics/AccountPlan.ts"
import type { AccountQuestion } from "../../../ports/analytics/AccountQuestion.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { accountTypeOfSource } from "../../questions/people/planShownNumber.ts"
import { formatInstant } from "../../zones/zones.ts"
import { questionScope } from "./askQuestion.ts"
import { readFilters } from "./explore.ts"
import { idAtDoor } from "./idAtDoor.ts"
import { pageOfPeople } from "./listPeopleOf.ts"
import { maskedValues } from "./maskedValues.ts"
import { decodeCursor, encodeCursor } from "./pageCursor.ts"
import { resolveNumber } from "./peopleBehind.ts"

const limitUsual = 25

const instant = (millis: number): string => new Date(millis).toISOString()

const accountItem = (type: string, { first_seen, last_seen, traits, ...account }: ListedAccount): AccountItem => ({
  ...account,
  type,
  first_seen: instant(first_seen),
  last_seen: instant(last_seen),
  traits: maskedValues(traits)
})

type Asked = Omit<AccountPlan, "kind" | "workspace" | "before" | "limit">

/** A page of accounts, last seen first, and how many they are in all. */
const pageOfAccounts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  asked: Asked,
  zone: string,
  { cursor, limit }: { readonly limit: number; readonly cursor?: string | undefined }
) {
  const store = yield* EventStore
  const { revisions: _, ...decides } = asked
  const query_hash = hashValue([workspace, decides])
  const list = ["accounts", query_hash]
  const place = cursor === undefined ? undefined : yield* decodeCursor(workspace, list, cursor)
  const before = place === undefined ? undefined : { lastSeen: Number(place[0]), accountId: String(place[1]) }
  const answer = yield* store.answer({ kind: "account", workspace, ...asked, before, limit: limit + 1 })
  const shown = answer.page.slice(0, limit)
  const last = shown.at(-1)
  const page: AccountList = {
    items: shown.map((account) => accountItem(asked.accountType, account)),
    next:
      answer.page.length > limit && last !== undefined
        ? yield* encodeCursor(workspace, list, [last.last_seen, last.account_id])
        : null,
    accounts: answer.accounts,
    as_of: answer.asOfMillis === undefined ? null : formatInstant(zone, answer.asOfMillis),
    watermark: answer.watermark,
    query_hash
  }
  return page
})

const readType = (type: string = accountTypeUsual) =>
  accountTypePattern.test(type)
    ? Effect.succeed(type)
    : Effect.fail(
        new InvalidQuestion({
          errors: [
            {
              pointer: "/type",
              code: "not_a_type",
              detail: "a type is a word in lower case, like company: a-z, 0-9, _"
            }
          ]
        })
      )

export interface AccountsRequest {
  readonly type?: string | undefined
  /** Accounts whose id begins so. */
  readonly search?: string | undefined
  /** JSON of the question's filters: accounts with such an event, or with such traits. */
  readonly filters?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Accounts of a type, last seen first. */
export const listAccounts = Effect.fn("listAccounts")(function* (workspace: WorkspaceId, request: AccountsRequest) {
  const accountType = yield* readType(request.type)
  const filter = yield* readFilters(workspace, request.filters)
  const { revisions, timeZone } = yield* questionScope(workspace)
  const asked: Asked = {
    revisions,
    accountType,
    of: undefined,
    accountId: undefined,
    idPrefix: request.search === undefined ? undefined : yield* idAtDoor(workspace, request.search),
    filter
  }
  return yield* pageOfAccounts(workspace, asked, timeZone, request)
})

/** One account with its traits. */
export const readAccount = Effect.fn("readAccount")(function* (
  workspace: WorkspaceId,
  id: string,
  type: string | undefined
) {
  const accountType = yield* readType(type)
  const { revisions, timeZone } = yield* questionScope(workspace)
  const accountId = yield* idAtDoor(workspace, id)
  const asked: Asked = { revisions, accountType, of: undefined, accountId, idPrefix: undefined, filter: undefined }
  const { items } = yield* pageOfAccounts(workspace, asked, timeZone, { limit: 1 })
  return items[0] ?? (yield* noAccount(accountType, id))
})

const noAccount = (type: string, id: string) =>
  new Refused({ kind: "not-found", detail: `there is no account ${id} of the type ${type}`, errors: [] })

/** People who belong to the account now, by pages. */
export const listMembers = Effect.fn("listMembers")(function* (
  workspace: WorkspaceId,
  id: string,
  {
    type,
    ...page
  }: { readonly type?: string | undefined; readonly limit: number; readonly cursor?: string | undefined }
) {
  const account = yield* readAccount(workspace, id, type)
  const { revisions, timeZone } = yield* questionScope(workspace)
  const of = { kind: "account_members", accountType: account.type, accountId: account.account_id } as const
  return yield* pageOfPeople(workspace, { of, revisions, zone: timeZone }, page)
})

/** The accounts behind a number that counts accounts: on all pages as many as the number says at the same watermark. */
export const listAccountsBehind = Effect.fn("listAccountsBehind")(function* (
  workspace: WorkspaceId,
  { cursor, limit = limitUsual, of: number }: AccountQuestion
) {
  if (limit < 1 || limit > listLimitMax) {
    const detail = `must lie between 1 and ${listLimitMax}`
    return yield* new InvalidQuestion({ errors: [{ pointer: "/limit", code: "out_of_range", detail }] })
  }
  const { of, revisions, zone } = yield* resolveNumber(workspace, number, "accounts")
  const accountType = accountTypeOfSource(of) ?? accountTypeUsual
  const asked: Asked = { revisions, accountType, of, accountId: undefined, idPrefix: undefined, filter: undefined }
  return yield* pageOfAccounts(workspace, asked, zone, { limit, cursor })
})

/** Types of the accounts that events have named, sorted. */
export const listAccountTypes = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const store = yield* EventStore
  const types = yield* store.names(workspace, "account_type")
  return { items: types.map((type) => ({ type })), next: null }
})
