import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { PersonalRecord } from "../../ports/privacy/PersonalData.ts"
import {
  Challenge,
  Decision,
  NewPrivacyPreference,
  NewPrivacyRequest,
  PrivacyPreference,
  RestrictedPerson,
  PrivacyRequestItem,
  PrivacyRequestKind,
  RequestStatus,
  Verification
} from "../../ports/privacy/PrivacyRequest.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, Text } from "./parameters.ts"

const path = "/platform/privacy/requests"
const one = `${path}/:id` as const

/** What people ask for by law: from its receipt to its answer. */
export class PrivacyGroup extends HttpApiGroup.make("privacy")
  .add(
    HttpApiEndpoint.get("list", path, {
      query: {
        status: Schema.optionalKey(RequestStatus),
        kind: Schema.optionalKey(PrivacyRequestKind),
        limit: Limit,
        cursor: Cursor
      },
      success: page(PrivacyRequestItem)
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "Privacy requests, newest first; of one status those first that are due first."),
    HttpApiEndpoint.post("create", path, {
      payload: NewPrivacyRequest,
      success: PrivacyRequestItem.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Take down what a person asks for: access, export, erasure, rectification, restriction, no sale. It is done once the person is verified."
      ),
    HttpApiEndpoint.get("read", one, { params: { id: Id }, success: PrivacyRequestItem })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "A request with its deadline, its steps and what has happened; its revision is the ETag."
      ),
    HttpApiEndpoint.post("challenge", `${one}/challenge`, { params: { id: Id }, success: Challenge })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Make a token to send to the person's address; it proves the person for 7 days. Shown this once, the last one holds."
      ),
    HttpApiEndpoint.post("decide", `${one}/decision`, {
      params: { id: Id },
      payload: Decision,
      success: PrivacyRequestItem
    })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(OpenApi.Summary, "Extend the deadline once, with the reason; refuse the request; or withdraw it."),
    HttpApiEndpoint.post("verify", `${one}/verification`, {
      params: { id: Id },
      payload: Verification,
      success: PrivacyRequestItem
    })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(OpenApi.Summary, "Say how the person is proven to ask; then what is asked for is done, step by step."),
    HttpApiEndpoint.post("retry", `${one}/retry`, { params: { id: Id }, success: PrivacyRequestItem })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(OpenApi.Summary, "Do the steps that are left now; each minute they are tried anyway."),
    HttpApiEndpoint.get("export", `${one}/export`, {
      params: { id: Id },
      success: HttpApiSchema.StreamNdjson({ schema: PersonalRecord })
    })
      .annotate(EndpointRules, { ...reads("persons:read"), audited: true })
      .annotate(
        OpenApi.Summary,
        "What an answered request for access or export gives out, for 30 days, as lines of JSON (NDJSON); needs the scope pii:read, too."
      ),
    HttpApiEndpoint.get("restrictions", "/platform/privacy/restrictions", {
      query: { limit: Limit, cursor: Cursor },
      success: page(RestrictedPerson)
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "Whose data is kept and not processed, and since when, newest first; a request of the kind restriction or its lifting changes it."
      ),
    HttpApiEndpoint.get("preferences", "/platform/privacy/preferences", {
      query: { person: Text, limit: Limit, cursor: Cursor },
      success: page(PrivacyPreference)
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "Who objects to the sale of their data and who said so, newest first; of one person what holds, under all their ids."
      ),
    HttpApiEndpoint.post("prefer", "/platform/privacy/preferences", {
      payload: NewPrivacyPreference,
      success: PrivacyPreference
    })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(
        OpenApi.Summary,
        "Note what a person decides about sale, as a browser's Global Privacy Control says it or an operator hears it; the signal never takes an objection back."
      )
  )
  .middleware(Admission) {}
