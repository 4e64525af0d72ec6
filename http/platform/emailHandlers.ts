import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { listEmails, queueTestEmail, readEmail } from "../../domain/platform/sendEmails.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { withLocation, withRevision } from "../middleware/revisions.ts"

export const layer = HttpApiBuilder.group(ServedApi, "emails", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listEmails(workspace, limit, cursor), paged))
      ),
    test: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(queueTestEmail(principal, payload.to), (made) => withLocation("/platform/emails", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readEmail(workspace, params.id), ({ email, revision }) => withRevision(revision, email))
        )
      )
  })
)
