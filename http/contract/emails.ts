import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { EmailAddress } from "../../ports/email/EmailSender.ts"
import { OutgoingEmail, OutgoingEmailItem } from "../../ports/email/OutgoingEmail.ts"
import { Admission } from "./Admission.ts"
import { creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

export const TestEmail = Schema.Struct({ to: EmailAddress }).annotate({
  identifier: "TestEmail",
  examples: [{ to: "anna@example.org" }]
})

/** Mail out: what was sent, what waits, and what became of it. */
export class EmailsGroup extends HttpApiGroup.make("emails")
  .add(
    HttpApiEndpoint.get("list", "/platform/emails", {
      query: { limit: Limit, cursor: Cursor },
      success: page(OutgoingEmailItem)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Messages that wait or were sent in the last 30 days, newest first."),
    HttpApiEndpoint.post("test", "/platform/emails/test", {
      payload: TestEmail,
      success: OutgoingEmailItem.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("platform:write"))
      .annotate(OpenApi.Summary, "Send a test message, to see whether mail reaches an address."),
    HttpApiEndpoint.get("read", "/platform/emails/:id", { params: { id: Id }, success: OutgoingEmail })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "One message with its text, and what the mail server said of it.")
  )
  .middleware(Admission) {}
