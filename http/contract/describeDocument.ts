import { exportFormats } from "../../ports/analytics/EventExport.ts"
import { rateLimitsInitial } from "../../ports/platform/RateLimits.ts"
import { bodyBytesMax } from "./bodyLimits.ts"
import type { Operation } from "./Operation.ts"
import { parameterExamples, parameterSchemas } from "./parameters.ts"
import { problemContentType, problems } from "./Problem.ts"
import type { ProblemKind } from "./Problem.ts"

type Json = Record<string, unknown>
interface Parameter extends Json {
  readonly name: string
  readonly in: string
  schema: unknown
  example?: unknown
}
interface Answer {
  description: string
  headers?: Json
  content?: Record<string, Json>
}
interface Described extends Json {
  description?: string
  parameters: Array<Parameter>
  responses: Record<string, Answer | { readonly $ref: string }>
  security?: ReadonlyArray<Json>
  requestBody?: { content: Record<string, { schema: { $ref?: string }; example?: unknown }> }
}
interface Document extends Json {
  readonly paths: Record<string, Record<string, Described>>
  readonly components: { readonly schemas: Record<string, { readonly examples?: ReadonlyArray<unknown> }> }
}

const text = { type: "string" }
const header = (description: string) => ({ description, schema: text })

/** Headers by the name that the document refers to them with. */
const headers = {
  RateLimit: header('What is left: `"default";r=99;t=60` (requests, seconds until all are free again).'),
  "RateLimit-Policy": header('The limit: `"default";q=100;w=60` (requests, seconds).'),
  "X-Request-Id": header("The request's id: the client's own where it sent one."),
  ETag: header("The revision of the document, or a weak tag of the answer."),
  Link: header('`<…>; rel="next"`: the page behind this one; absent on the last.'),
  Location: header("Where the new document is."),
  "Idempotent-Replayed": header("`true`: the first answer to this Idempotency-Key, given again."),
  "Retry-After": header("Seconds after which to try again.")
}
type HeaderName = keyof typeof headers
const refer = (names: ReadonlyArray<HeaderName>): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

const idempotencyKey: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Makes it once: for 24 hours the same key with the same request gives the first answer again; with another request 422, while the first is at work 409.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
  example: "8e03978e-40d5-43dd-bc93-6894a57f9324"
}
const ifMatch = (required: boolean): Parameter => ({
  name: "If-Match",
  in: "header",
  required,
  description: "The revision that may be changed, as GET answers it in `ETag`; 412 when another one stands.",
  schema: text,
  example: '"1"'
})
const ifNoneMatch: Parameter = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The `ETag` that the client holds: 304 while it is still that.",
  schema: text
}

/** Endpoints that answer questions without parameters of a picture: by POST, with the usual size. */
const postedQuestions: ReadonlySet<string> = new Set(
  [
    "analytics/query",
    ...["attribution", "funnels", "lifecycle", "ltv", "paths", "retention", "sessions", "stickiness"].map(
      (name) => `analytics/${name}/query`
    )
  ].map((path) => `/${path}`)
)
const drawsPictures = ({ method, path }: Operation, { parameters }: Described): boolean =>
  parameters.some(({ name }) => name === "width") || (method === "POST" && postedQuestions.has(path))

/** Endpoints whose answer can be had as rows of a table that is named. */
const answersRows = ({ parameters }: Described): boolean => parameters.some(({ name }) => name === "table")

/** Endpoints that answer as long as the client listens. */
const eventStream = "text/event-stream"
const streamOf = ({ responses }: Described): Json | undefined => {
  const success = responses["200"]
  return success === undefined || !isAnswer(success) ? undefined : success.content?.[eventStream]
}
const lastEventId: Parameter = {
  name: "Last-Event-ID",
  in: "header",
  required: false,
  description: "The id of the last event that the client has seen: it is told what is newer.",
  schema: text
}

/** Endpoints that answer a file, whole or a part of it. */
/** Its body names an answer from before, which an erasure ends. */
const comparesWatermarks = ({ path }: Operation): boolean => path === "/analytics/query/changes"
const isFile = ({ method, path }: Operation): boolean => method === "GET" && path.endsWith("/file")

/** Raw events as they are read: in the formats of files that are lines. */
const isOfLines = ({ path }: Operation): boolean => path === "/analytics/events/export"

const range: ReadonlyArray<Parameter> = [
  {
    name: "Range",
    in: "header",
    required: false,
    description: "One range of bytes (RFC 9110): 206 with that part; 416 behind the end.",
    schema: text,
    example: "bytes=1048576-"
  },
  {
    name: "If-Range",
    in: "header",
    required: false,
    description:
      "The `ETag` of the file whose beginning the client holds: a part of that one alone, else all of the new one.",
    schema: text
  }
]

/** Problems that an endpoint may answer, from its rules and shape. */
const problemsOf = (operation: Operation, described: Described): ReadonlyArray<ProblemKind> => {
  const { method, rules } = operation
  const changes = method !== "GET" && (rules.audited || rules.scope === "events:write")
  const kinds: ReadonlyArray<readonly [ProblemKind, boolean]> = [
    ["bad-request", true],
    ["unauthenticated", rules.scope !== undefined],
    ["forbidden", rules.scope !== undefined],
    ["not-acceptable", drawsPictures(operation, described)],
    ["not-found", described.parameters.some((parameter) => parameter.in === "path")],
    ["timeout", described.requestBody !== undefined],
    ["conflict", rules.audited || isFile(operation)],
    ["range-not-satisfiable", isFile(operation)],
    ["gone", described.parameters.some(({ name }) => name === "watermark") || comparesWatermarks(operation)],
    ["stale", method === "PUT" || method === "PATCH" || method === "DELETE"],
    ["too-large", described.requestBody !== undefined],
    ["unsupported-media-type", described.requestBody !== undefined],
    ["unprocessable", rules.idempotent],
    ["precondition-required", method === "PUT" || method === "PATCH"],
    ["rate-limited", rules.scope !== undefined],
    ["internal", true],
    ["unavailable", true],
    ["storage-full", changes]
  ]
  return kinds.filter(([, answers]) => answers).map(([kind]) => kind)
}

const notesOf = ({ rules }: Operation, hasBody: boolean): ReadonlyArray<string> => [
  ...(rules.clientKey === "path" ? ["The key is the last part of the path."] : []),
  ...(rules.scope === undefined
    ? ["Public."]
    : [
        `Scope: \`${rules.scope}\`.`,
        `${rateLimitsInitial[rules.rate_class]} requests a minute (class \`${rules.rate_class}\`), unless the service or the key say otherwise.`
      ]),
  ...(hasBody ? [`Body: ${bodyBytesMax[rules.rate_class] / 1024} KiB at the most.`] : []),
  ...(rules.audited ? ["Stands in the audit log."] : [])
]

const isAnswer = (answer: Answer | { readonly $ref: string }): answer is Answer => !("$ref" in answer)

const describeOperation = (document: Document, operation: Operation, described: Described): void => {
  const { method, rules } = operation
  const reads = method === "GET"
  const pages = described.parameters.some((parameter) => parameter.name === "cursor")
  described["x-scope"] = rules.scope ?? null
  described["x-rate-class"] = rules.scope === undefined ? null : rules.rate_class
  described["x-idempotent"] = rules.idempotent
  described["x-audited"] = rules.audited
  described.description = [described.description, ...notesOf(operation, described.requestBody !== undefined)]
    .filter((note) => note !== undefined)
    .join(" ")
  for (const parameter of described.parameters) {
    parameter.schema = parameterSchemas[parameter.name] ?? parameter.schema
    const example = parameter.in === "query" ? parameterExamples[parameter.name] : undefined
    if (example !== undefined) parameter.example = example
  }
  for (const content of Object.values(described.requestBody?.content ?? {})) {
    const name = content.schema.$ref?.split("/").at(-1)
    const [example] = (name === undefined ? undefined : document.components.schemas[name]?.examples) ?? []
    if (example !== undefined) content.example = example
  }
  const success = described.responses["200"]
  if (drawsPictures(operation, described) && success !== undefined && isAnswer(success)) {
    success.content = { ...success.content, "image/svg+xml": { schema: text } }
    described.description += " With `Accept: image/svg+xml` as a picture."
  }
  if (answersRows(described) && success !== undefined && isAnswer(success)) {
    success.content = { ...success.content, "text/csv": { schema: text } }
    described.description += " With `Accept: text/csv` as rows."
  }
  if (isFile(operation) && success !== undefined && isAnswer(success)) {
    const content = Object.fromEntries(
      Object.values(exportFormats).map(({ contentType }) => [contentType.split(";")[0]!, { schema: {} }])
    )
    success.content = content
    described.parameters.push(...range)
    described.responses["206"] = { description: "The bytes that were asked for.", content }
  }
  if (isOfLines(operation) && success !== undefined && isAnswer(success)) {
    const { csv, ndjson } = exportFormats
    success.content = Object.fromEntries(
      [ndjson, csv].map(({ contentType }) => [contentType.split(";")[0]!, { schema: {} }])
    )
  }
  if (rules.idempotent) described.parameters.push(idempotencyKey)
  if (method === "PUT" || method === "PATCH" || method === "DELETE")
    described.parameters.push(ifMatch(method !== "DELETE"))
  const stream = streamOf(described)
  if (stream !== undefined) {
    delete stream["x-effect-stream"]
    described.parameters.push(lastEventId)
  }
  const hasTag = reads && rules.scope !== undefined && stream === undefined && !isOfLines(operation)
  if (hasTag && "200" in described.responses) {
    described.parameters.push(ifNoneMatch)
    described.responses["304"] = { description: "It is what the client holds.", headers: refer(["ETag"]) }
  }
  const always: ReadonlyArray<HeaderName> =
    rules.scope === undefined ? ["X-Request-Id"] : ["RateLimit", "RateLimit-Policy", "X-Request-Id"]
  for (const answer of Object.values(described.responses)) {
    if (!isAnswer(answer)) continue
    answer.headers = {
      ...answer.headers,
      ...refer([
        ...always,
        ...(hasTag || rules.idempotent ? (["ETag"] as const) : []),
        ...(pages ? (["Link"] as const) : []),
        ...(rules.idempotent ? (["Location", "Idempotent-Replayed"] as const) : [])
      ])
    }
  }
  for (const kind of problemsOf(operation, described)) {
    described.responses[problems[kind][0]] ??= { $ref: `#/components/responses/${kind}` }
  }
  described.responses["default"] = { $ref: "#/components/responses/problem" }
  described.security = rules.scope === undefined ? [] : securityOf(operation)
}

/** A key in the path is none of the document's schemes; its parameter stands for it. */
const securityOf = ({ id, rules }: Operation): ReadonlyArray<Json> =>
  rules.clientKey === "path"
    ? []
    : [
        { bearer: [] },
        ...(rules.scope === "events:write" || rules.scope === "flags:evaluate" ? [{ browser_key: [] }] : []),
        ...(id === "stream.stream" ? [{ websocket_protocol: [] }] : [])
      ]

const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A key of this service (`POST /platform/keys`), or a token of an issuer that it trusts."
  },
  browser_key: {
    type: "apiKey",
    in: "query",
    name: "key",
    description: "A browser key, for pages that cannot set headers (`sendBeacon`): works on the key's origins."
  },
  websocket_protocol: {
    type: "apiKey",
    in: "header",
    name: "Sec-WebSocket-Protocol",
    description: "The token as the last protocol of the WebSocket, for browsers that cannot set headers."
  }
}

const problemAnswer = (description: string): Answer => ({
  description,
  headers: refer(["RateLimit", "RateLimit-Policy", "X-Request-Id", "Retry-After"]),
  content: { [problemContentType]: { schema: { $ref: "#/components/schemas/Problem" } } }
})

const introduction = `
JSON is snake_case; unknown fields and parameters are refused. Times are ISO 8601 with offset, or milliseconds UTC.

**Errors** are problems (RFC 9457) with a stable \`type\`; \`errors\` names every wrong field by JSON pointer.
**Pages**: \`limit\` (1 to 100) and \`cursor\`; the answer is \`{ items, next }\` with \`Link: rel="next"\`.
**Concurrency**: GET answers \`ETag\`; PUT and PATCH send it back as \`If-Match\`.
**Idempotency**: POST that creates takes an \`Idempotency-Key\`.
**Rate limits** are counted by key and class; \`RateLimit\` and \`RateLimit-Policy\` stand on every answer.
`.trim()

/** The generated document with what every endpoint has in common: rules, limits, headers, problems, examples. */
export const describeDocument = (generated: Json, operations: ReadonlyArray<Operation>): Json => {
  const document = generated as Document
  for (const operation of operations) {
    const described = document.paths[operation.path]?.[operation.method.toLowerCase()]
    if (described !== undefined) describeOperation(document, operation, described)
  }
  const kinds = Object.entries(problems).map(([kind, [, title]]) => [kind, problemAnswer(title)])
  return {
    ...document,
    info: { ...(document["info"] as Json), description: introduction },
    servers: [{ url: "/" }],
    components: {
      ...document.components,
      headers,
      responses: { problem: problemAnswer("A problem"), ...Object.fromEntries(kinds) },
      securitySchemes
    }
  }
}
