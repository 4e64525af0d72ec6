import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { AccountItem, AccountList, AccountTypeList } from "../../ports/analytics/Account.ts"
import { AccountQuestion } from "../../ports/analytics/AccountQuestion.ts"
import { PeopleList } from "../../ports/analytics/Cohort.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Cursor, Filters, Id, Limit, Text, Watermark } from "./parameters.ts"

/** Companies, teams, households: what people belong to. */
export class AccountsGroup extends HttpApiGroup.make("accounts")
  .add(
    HttpApiEndpoint.get("list", "/analytics/accounts", {
      query: { type: Text, search: Text, filters: Filters, limit: Limit, cursor: Cursor, watermark: Watermark },
      success: AccountList
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "Accounts of a type (account, unless type says another), last seen first: all, by the begin of an id, by events or traits."
      ),
    HttpApiEndpoint.get("types", "/analytics/account-types", { success: AccountTypeList })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Types of the accounts that events have named."),
    HttpApiEndpoint.post("ask", "/analytics/accounts/query", {
      query: { watermark: Watermark },
      payload: AccountQuestion,
      success: AccountList
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "The accounts behind a number of a question with aggregate_by, or of the metric accounts, by pages; as many as the number says."
      ),
    HttpApiEndpoint.get("read", "/analytics/accounts/:id", {
      params: { id: Id },
      query: { type: Text },
      success: AccountItem
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "One account with its traits."),
    HttpApiEndpoint.get("members", "/analytics/accounts/:id/members", {
      params: { id: Id },
      query: { type: Text, limit: Limit, cursor: Cursor, watermark: Watermark },
      success: PeopleList
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "People who belong to the account now.")
  )
  .middleware(Admission) {}
