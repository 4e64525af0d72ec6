import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ErasureReceipt, ReceiptKeys } from "../../ports/analytics/Erasure.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { Id } from "./parameters.ts"

/** The end of what is held of a person, and how its receipts are verified. */
export class ErasureGroup extends HttpApiGroup.make("erasure")
  .add(
    HttpApiEndpoint.post("erase", "/analytics/persons/:id/erase", { params: { id: Id }, success: ErasureReceipt })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Erase a person: keys destroyed, events deleted, later ones not kept; answers a signed receipt."
      ),
    HttpApiEndpoint.get("receiptKeys", "/platform/receipt-keys", { success: ReceiptKeys })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Public keys that receipts of erasures are verified with, as a JWK Set.")
  )
  .middleware(Admission) {}
