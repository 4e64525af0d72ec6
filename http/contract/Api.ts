import { HttpApi, OpenApi } from "effect/http-api"
import { AnalyticsGroup, EventsGroup, StreamGroup } from "./analytics.ts"
import { HealthGroup } from "./health.ts"
import { PlatformGroup } from "./platform.ts"

const problemAnswer = {
  description: "A problem (RFC 9457)",
  content: {
    "application/problem+json": {
      schema: {
        type: "object",
        required: ["type", "title", "status", "detail"],
        properties: {
          type: { type: "string", format: "uri" },
          title: { type: "string" },
          status: { type: "integer" },
          detail: { type: "string" },
          instance: { type: "string" },
          request_id: { type: "string" },
          errors: {
            type: "array",
            items: {
              type: "object",
              properties: { pointer: { type: "string" }, code: { type: "string" }, detail: { type: "string" } }
            }
          }
        }
      }
    }
  }
}

type Operations = Record<string, { responses?: Record<string, unknown>; security?: unknown }>

/** Every operation may answer a problem, and all but health ask for a token. */
const withProblems = (document: Record<string, unknown>): Record<string, unknown> => {
  for (const [path, operations] of Object.entries(document["paths"] as Record<string, Operations>)) {
    for (const operation of Object.values(operations)) {
      operation.responses = { ...operation.responses, default: problemAnswer }
      if (!path.startsWith("/health/")) operation.security = [{ bearer: [] }]
    }
  }
  const components = (document["components"] ?? {}) as Record<string, unknown>
  return {
    ...document,
    components: { ...components, securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } }
  }
}

/** What the builder serves; the rest of the contract stands on plain routes. */
export class ServedApi extends HttpApi.make("broxiva")
  .add(AnalyticsGroup, PlatformGroup, HealthGroup)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .annotate(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" }) {}

/** The whole contract that the typed client speaks. */
export class Api extends HttpApi.make("broxiva").add(EventsGroup, AnalyticsGroup, PlatformGroup, HealthGroup) {}

/** What the document and the tests speak of: the client's endpoints and the WebSocket. */
export class DocumentedApi extends HttpApi.make("broxiva")
  .add(EventsGroup, AnalyticsGroup, StreamGroup, PlatformGroup, HealthGroup)
  .annotate(OpenApi.Transform, withProblems)
  .annotateMerge(OpenApi.annotations({ title: "Broxiva Marketing Platform", version: "0.1.0" })) {}
