import { Ajv2020 } from "ajv/dist/2020.js"
import type { ValidateFunction } from "ajv/dist/2020.js"
import { OpenApi } from "effect/http-api"
import { assert } from "vitest"
import { escaped } from "../ports/jsonPointer.ts"
import { DocumentedApi } from "../http/contract/Api.ts"
import type { Operation } from "../http/contract/Operation.ts"
import type { Answer } from "./ServerProcess.ts"

type Json = Readonly<Record<string, unknown>>
interface Described {
  readonly parameters: ReadonlyArray<{
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly example?: string
  }>
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown }> }
  readonly responses: Record<string, { readonly $ref?: string; readonly content?: Record<string, { schema: Json }> }>
}

const document = JSON.parse(JSON.stringify(OpenApi.fromApi(DocumentedApi))) as {
  readonly paths: Record<string, Record<string, Described>>
}
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ ...document, $id: "document" })
const compiled = new Map<string, ValidateFunction>()

/** The operation as the OpenAPI document has it. */
export const describedAs = ({ method, path }: Operation): Described => document.paths[path]![method.toLowerCase()]!

/** Fails where the document does not name the answer's status, or its body is not what the document says. */
export const assertDocumented = (operation: Operation, answer: Answer): void => {
  const name = `${operation.method} ${operation.path} ${answer.status}`
  const described = describedAs(operation).responses[answer.status]
  assert.isDefined(described, `${name}: the document does not name this status`)
  const type = (answer.headers.get("content-type") ?? "").split(";")[0]!
  if (type === "application/problem+json") return validate("document#/components/schemas/Problem", name, answer.body)
  if (type === "") return assert.isUndefined(described!.content, `${name}: the document names a body`)
  assert.isDefined(described!.content?.[type], `${name}: the document does not name ${type}`)
  const place = [
    "paths",
    operation.path,
    operation.method.toLowerCase(),
    "responses",
    String(answer.status),
    "content",
    type
  ]
  const reference = `document#/${[...place, "schema"].map((part) => encodeURIComponent(escaped(part))).join("/")}`
  const parts: Readonly<Record<string, string>> = { "application/x-ndjson": "lines", "text/event-stream": "events" }
  const bodies = type in parts ? (answer.body[parts[type]!] as ReadonlyArray<unknown>) : [answer.body]
  for (const body of bodies) validate(reference, name, body)
}

const validate = (reference: string, name: string, body: unknown): void => {
  let check = compiled.get(reference)
  if (check === undefined) compiled.set(reference, (check = ajv.compile({ $ref: reference })))
  assert.isTrue(check(body), `${name}: ${JSON.stringify(check.errors)} in ${JSON.stringify(body).slice(0, 1000)}`)
}
