import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Api } from "./contract/Api.ts"

/** A typed client of every endpoint, derived from the contract; needs an `HttpClient`. */
export const make = (options: { readonly baseUrl: string; readonly token: string }) =>
  HttpApiClient.make(Api, {
    baseUrl: options.baseUrl,
    transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(options.token))
  })

export type Client = Effect.Success<ReturnType<typeof make>>
