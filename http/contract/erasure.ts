import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ErasureReceipt, ErasureReceipts, ReceiptKeys } from "../../ports/analytics/Erasure.ts"
import { PersonalRecord } from "../../ports/privacy/PersonalData.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, open, reads } from "./EndpointRules.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

/** What is held of a person, its end, and how receipts of that are verified. */
export class ErasureGroup extends HttpApiGroup.make("erasure")
  .add(
    HttpApiEndpoint.post("erase", "/analytics/persons/:id/erase", { params: { id: Id }, success: ErasureReceipt })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Erase a person: keys destroyed, events deleted, later ones not kept; answers a signed receipt."
      ),
    HttpApiEndpoint.get("listErasures", "/analytics/erasures", {
      query: { limit: Limit, cursor: Cursor },
      success: ErasureReceipts
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "Receipts of erasures, newest first; they name nobody."),
    HttpApiEndpoint.get("readErasure", "/analytics/erasures/:id", { params: { id: Id }, success: ErasureReceipt })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "The receipt of an erasure as it stands now; signed anew when the log was rewritten, within 24 hours."
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
    HttpApiEndpoint.post("rotateReceiptKey", "/platform/receipt-keys/rotate", { success: ReceiptKeys })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(
        OpenApi.Summary,
        "Sign receipts with a new key from now on; those from before stay verifiable. Only for workspace default."
      )
  )
  .middleware(Admission) {}

/** Asked by whoever verifies a receipt: no token, counted by address. */
export class ReceiptKeysGroup extends HttpApiGroup.make("receiptKeys").add(
  HttpApiEndpoint.get("read", "/platform/receipt-keys", { success: ReceiptKeys })
    .annotate(EndpointRules, open)
    .annotate(OpenApi.Summary, "Public keys that receipts of erasures are verified with, as a JWK Set, old ones too.")
) {}
