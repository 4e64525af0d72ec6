import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import type { HttpApiGroup } from "effect/http-api"
import { EndpointRules } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"

/** An endpoint as the contract names it; `path` as in the OpenAPI document: `/platform/keys/{id}`. */
export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly rules: Rules
}

/** Every endpoint of a contract, whatever serves it, in order of path and method. */
export const operationsOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): ReadonlyArray<Operation> => {
  const found: Array<Operation> = []
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, mergedAnnotations }) => {
      found.push({
        id: `${group.identifier}.${endpoint.identifier}`,
        method: endpoint.method,
        path: endpoint.path.replaceAll(/:(\w+)/g, "{$1}"),
        rules: Context.get(mergedAnnotations as Context.Context<EndpointRules>, EndpointRules)
      })
    }
  })
  return found.toSorted((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1))
}
