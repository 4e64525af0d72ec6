import type { FlagReader } from "../../domain/experiments/workflows/evaluateFlags.ts"

/** What of a request may bear the token of a link; the parameter wins over the header. */
export interface Linked {
  readonly query: { readonly qa?: string }
  readonly headers: { readonly "x-qa-link"?: string }
}

/** The reader with the token of the link that the request bears. */
export const withLink = ({ environment, workspace }: FlagReader, { headers, query }: Linked): FlagReader => ({
  workspace,
  environment,
  qa: query.qa ?? headers["x-qa-link"]
})
