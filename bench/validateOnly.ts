import fastify from "fastify"
import process from "node:process"
import { contextAttributesMax } from "../ports/experiments/EvaluateRequest.ts"
import { definitionKey } from "../ports/experiments/FlagFile.ts"
import {
  eventIdPattern,
  idCharactersMax,
  propertyCountMax,
  stringCharactersMax,
  timestampPattern
} from "../ports/analytics/AnalyticsEvent.ts"

/** The baseline, a process of its own: fastify, whose ajv validates the event by the product's own rules, and nothing else. */

const id = { type: "string", minLength: 1, maxLength: idCharactersMax }
const instant = { type: "string", pattern: timestampPattern.source }
const texts = (...names: ReadonlyArray<string>) => ({
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(names.map((name) => [name, { type: "string", maxLength: stringCharactersMax }]))
})
const context = texts("ip", "user_agent")
const body = {
  type: "object",
  required: ["event_id", "event_type", "anonymous_id", "session_id", "timestamp"],
  additionalProperties: false,
  properties: {
    event_id: { type: "string", pattern: eventIdPattern.source.replaceAll("a-f", "a-fA-F") },
    event_type: id,
    anonymous_id: id,
    user_id: { type: "string", maxLength: idCharactersMax },
    session_id: id,
    timestamp: instant,
    sent_at: instant,
    properties: { type: "object", maxProperties: propertyCountMax },
    context: {
      ...context,
      properties: {
        ...context.properties,
        page: texts("url", "path", "title", "referrer"),
        device: texts("type", "os", "browser"),
        geo: texts("country", "region", "city"),
        campaign: texts("source", "medium", "campaign", "term", "content")
      }
    }
  }
}

const server = fastify({
  bodyLimit: 64 * 1024,
  ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } }
})
server.post<{ Body: { readonly event_id: string } }>(
  "/events",
  { schema: { body, response: { 200: { type: "object", properties: { event_id: { type: "string" } } } } } },
  (request, reply) => reply.send({ event_id: request.body.event_id })
)
server.post(
  "/evaluate",
  {
    schema: {
      body: {
        type: "object",
        additionalProperties: false,
        properties: {
          context: { type: "object", maxProperties: contextAttributesMax },
          environment: { type: "string", pattern: definitionKey.source }
        }
      },
      response: {
        200: {
          type: "object",
          properties: {
            key: { type: "string" },
            variant: { type: "string" },
            reason: { type: "string" },
            rule: { type: "string" },
            bucket: { type: "number" },
            metadata: { type: "object", additionalProperties: true },
            revision: { type: "integer" },
            value: { type: "number" }
          }
        }
      }
    }
  },
  (_request, reply) =>
    reply.send({
      key: "f1",
      variant: "v1",
      reason: "SPLIT",
      rule: "r1",
      bucket: 17,
      metadata: {},
      revision: 1,
      value: 1
    })
)
await server.listen({ host: "127.0.0.1", port: 0 })
process.send!((server.server.address() as { readonly port: number }).port)
process.on("disconnect", () => process.exit(0))
