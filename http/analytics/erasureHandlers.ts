import { Effect, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { erasePerson } from "../../domain/analytics/workflows/erasePerson.ts"
import { exportPerson } from "../../domain/analytics/workflows/exportPerson.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { receiptKeySet } from "../../domain/privacy/receipts.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"

export const layer = HttpApiBuilder.group(ServedApi, "erasure", (handlers) =>
  handlers.handleAll({
    erase: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(erasePerson(principal, id))),
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
    receiptKeys: () => Effect.flatMap(ReceiptKey, ({ privateKey }) => Effect.promise(() => receiptKeySet(privateKey)))
  })
)
