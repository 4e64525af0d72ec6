import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import {
  listAccounts,
  listAccountsBehind,
  listAccountTypes,
  listMembers,
  readAccount
} from "../../domain/analytics/workflows/accounts.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { askedAt } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "accounts", (handlers) =>
  handlers.handleAll({
    list: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(askedAt(workspace, query, listAccounts(workspace, { limit, ...query })), paged))
      ),
    types: () => Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listAccountTypes(workspace))),
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(askedAt(workspace, query, listAccountsBehind(workspace, payload)))
      ),
    read: ({ params, query: { type } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(readAccount(workspace, params.id, type))),
    members: ({ params, query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(askedAt(workspace, query, listMembers(workspace, params.id, { limit, ...query })), paged)
        )
      )
  })
)
