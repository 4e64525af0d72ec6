import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ErasureReceipt, ReceiptKeys } from "../../ports/analytics/Erasure.ts"
import { PersonalRecord } from "../../ports/privacy/PersonalData.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { Id } from "./parameters.ts"

/** What is held of a person, its end, and how receipts of that are verified. */
export class ErasureGroup extends HttpApiGroup.make("erasure")
  .add(
    HttpApiEndpoint.post("erase", "/analytics/persons/:id/erase", { params: { id: Id }, success: ErasureReceipt })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Erase a person: keys destroyed, events deleted, later ones not kept; answers a signed receipt."
      ),
    HttpApiEndpoint.get("export", "/analytics/persons/:id/export", {
      params: { id: Id },
      success: HttpApiSchema.StreamNdjson({ schema: PersonalRecord })
    })
      .annotate(EndpointRules, { ...reads("persons:read"), audited: true })
      .annotate(
        OpenApi.Summary,
        "Everything held of a person, of all modules, clear, as lines of JSON (NDJSON); needs the scope pii:read, too."
      ),
    HttpApiEndpoint.get("receiptKeys", "/platform/receipt-keys", { success: ReceiptKeys })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Public keys that receipts of erasures are verified with, as a JWK Set.")
  )
  .middleware(Admission) {}
