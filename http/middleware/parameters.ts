import { SchemaAST } from "effect"
import type { Schema } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { escaped } from "../../ports/jsonPointer.ts"
import { inspectJson } from "../../domain/analytics/ingestion/inspectJson.ts"
import { jsonParameters } from "../contract/parameters.ts"
import { problem } from "./problem.ts"

/** Where a token may stand: on every endpoint, for clients that cannot set headers. */
const tokenParameter = "key"

/** The problem of a query string that names parameters which the endpoint does not have, one twice, or JSON that misleads. */
export const refuseParameters = (
  request: HttpServerRequest.HttpServerRequest,
  known: ReadonlyArray<string>
): HttpServerResponse.HttpServerResponse | undefined => {
  const start = request.url.indexOf("?")
  if (start === -1) return undefined
  const parameters = new URLSearchParams(request.url.slice(start))
  const names = [...parameters.keys()]
  const errors = [...new Set(names)].flatMap((name) => {
    const pointer = `/${escaped(name)}`
    if (name !== tokenParameter && !known.includes(name)) {
      return [{ pointer, code: "unknown_parameter", detail: "this parameter is not known" }]
    }
    if (names.filter((each) => each === name).length > 1) {
      return [{ pointer, code: "duplicate_parameter", detail: "the parameter is given twice" }]
    }
    if (!jsonParameters.has(name)) return []
    return inspectJson(parameters.get(name)!).map((error) => ({ ...error, pointer: pointer + error.pointer }))
  })
  return errors.length === 0 ? undefined : problem("bad-request", { detail: "the query string is not valid", errors })
}

/** Names that a schema of parameters or headers has on the wire. */
export const parameterNames = (schema: Schema.Top): ReadonlyArray<string> => {
  const sent = SchemaAST.toEncoded(schema.ast)
  return SchemaAST.isObjects(sent) ? sent.propertySignatures.map((property) => String(property.name)) : []
}
