import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import {
  changeKey,
  createKey,
  listKeys,
  readKey,
  revokeKey,
  revokeToken,
  rotateKey
} from "../../domain/platform/keys.ts"
import type { RevisedKey } from "../../domain/platform/keys.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const revised = ({ key, revision }: RevisedKey) => withRevision(revision, key)

export const layer = HttpApiBuilder.group(ServedApi, "keys", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listKeys(workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(createKey(principal, payload), (made) => withLocation("/platform/keys", made)))
      ),
    revokeToken: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(revokeToken(principal, payload.key_id), revised))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readKey(workspace, params.id), revised))
      ),
    change: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readKey(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => changeKey(principal, params.id, payload, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    revoke: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readKey(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => revokeKey(principal, params.id, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    rotate: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(rotateKey(principal, params.id, payload), (made) => withLocation("/platform/keys", made))
        )
      )
  })
)
