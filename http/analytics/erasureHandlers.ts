import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { erasePerson } from "../../domain/analytics/workflows/erasePerson.ts"
import { receiptKeySet } from "../../domain/privacy/receipts.ts"
import { ReceiptKey } from "../../ports/privacy/ReceiptKey.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"

export const layer = HttpApiBuilder.group(ServedApi, "erasure", (handlers) =>
  handlers.handleAll({
    erase: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(erasePerson(principal, id))),
    receiptKeys: () => Effect.flatMap(ReceiptKey, ({ privateKey }) => Effect.promise(() => receiptKeySet(privateKey)))
  })
)
