import { Effect, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { erasePerson } from "../../domain/analytics/workflows/erasePerson.ts"
import { listReceipts, readReceipt } from "../../domain/analytics/workflows/erasureReceipts.ts"
import { exportPerson } from "../../domain/analytics/workflows/exportPerson.ts"
import { readReceiptKeys, rotateReceiptKey } from "../../domain/platform/rotateReceiptKey.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"

export const layer = HttpApiBuilder.group(ServedApi, "erasure", (handlers) =>
  handlers.handleAll({
    erase: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(erasePerson(principal, id))),
    listErasures: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listReceipts(workspace, limit, cursor))),
    readErasure: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(readReceipt(workspace, id))),
    export: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.map(
            exportPerson({ ...principal, mayReadPersonalData: holdsScope(principal, "pii:read") }, id),
            // A failure on the way cuts the connection: the reader misses the record of the end.
            Stream.orDie
          )
        )
      ),
    rotateReceiptKey: () => Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(rotateReceiptKey(principal)))
  })
)

export const keysLayer = HttpApiBuilder.group(ServedApi, "receiptKeys", (handlers) =>
  handlers.handle("read", () => readReceiptKeys)
)
