import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { problem } from "./problem.ts"

/** Where a token may stand: on every endpoint, for clients that cannot set headers. */
const tokenParameter = "key"

/** The problem of a query string that names parameters which the endpoint does not have, or one of them twice. */
export const refuseParameters = (
  request: HttpServerRequest.HttpServerRequest,
  known: ReadonlyArray<string>
): HttpServerResponse.HttpServerResponse | undefined => {
  const start = request.url.indexOf("?")
  if (start === -1) return undefined
  const names = [...new URLSearchParams(request.url.slice(start)).keys()]
  const errors = [...new Set(names)].flatMap((name) => {
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    if (name !== tokenParameter && !known.includes(name)) {
      return [{ pointer, code: "unknown_parameter", detail: "this parameter is not known" }]
    }
    if (names.filter((each) => each === name).length === 1) return []
    return [{ pointer, code: "duplicate_parameter", detail: "the parameter is given twice" }]
  })
  return errors.length === 0 ? undefined : problem("bad-request", { detail: "the query string is not valid", errors })
}
