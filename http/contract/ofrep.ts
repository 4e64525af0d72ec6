import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { DefinitionKey } from "../../ports/experiments/FlagFile.ts"
import {
  OfrepBulkFailure,
  OfrepEvent,
  OfrepFailure,
  OfrepRequest,
  OfrepValue,
  OfrepValues
} from "../../ports/experiments/Ofrep.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"
import { evaluateRules, linked } from "./flags.ts"
import { Id } from "./parameters.ts"

const rules: Rules = { ...evaluateRules, protocol: "ofrep" }
/** `production` by default. */
const Environment = Schema.optionalKey(DefinitionKey)
/** The environment once more, for providers that can set headers alone; the parameter wins. */
const headers = { "x-environment": Environment, ...linked.headers }
/** What providers repeat of the event that made them ask again. */
const Told = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))

/** What providers of OpenFeature ask, in the words of its Remote Evaluation Protocol 0.3. */
export class OfrepGroup extends HttpApiGroup.make("ofrep")
  .add(
    HttpApiEndpoint.post("evaluate", "/ofrep/v1/evaluate/flags/:key", {
      params: { key: Id },
      headers,
      query: { environment: Environment, ...linked.query },
      payload: OfrepRequest,
      success: OfrepValue,
      error: [OfrepFailure.pipe(HttpApiSchema.status(400)), OfrepFailure.pipe(HttpApiSchema.status(404))]
    })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "OFREP: the value of a flag for a context, for providers on servers; exposes the unit."
      ),
    HttpApiEndpoint.post("evaluateAll", "/ofrep/v1/evaluate/flags", {
      headers,
      query: { environment: Environment, ...linked.query, flagConfigEtag: Told, flagConfigLastModified: Told },
      payload: OfrepRequest,
      success: [OfrepValues, HttpApiSchema.Empty(304)],
      error: OfrepBulkFailure.pipe(HttpApiSchema.status(400))
    })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "OFREP: the values of all flags for a context, for providers in pages and apps; exposes nobody. `If-None-Match` with the answer's `ETag`: 304 while the same context gets the same."
      )
  )
  .middleware(Admission) {}

/** Where bulk answers tell providers to listen. */
export const ofrepStreamPath = "/ofrep/v1/stream"

/** What the protocol says nothing of: its failures are problems. */
export class OfrepStreamGroup extends HttpApiGroup.make("ofrepStream")
  .add(
    HttpApiEndpoint.get("stream", ofrepStreamPath, {
      query: { environment: Environment },
      success: HttpApiSchema.StreamSse({ data: OfrepEvent })
    })
      .annotate(EndpointRules, evaluateRules)
      .annotate(
        OpenApi.Summary,
        "OFREP: server-sent events that tell providers to fetch the values anew, within a second of a change; `Last-Event-ID` is told what it missed."
      )
  )
  .middleware(Admission) {}
