import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { changeRequests, closedRequestsKeptDays } from "../../../ports/experiments/ChangeRequest.ts"
import type { ChangeRequest } from "../../../ports/experiments/ChangeRequest.ts"
import { peopleOfRequest } from "../changes/draftPeople.ts"

const dayMillis = 86_400_000

/** Whom its drafts and what they began from may name, by ids as they are stored. */
export const subjectsOfRequest = (request: ChangeRequest, stored: (id: string) => string): ReadonlyArray<string> => [
  ...new Set(peopleOfRequest(request, () => true).flatMap(({ people }) => [...people].map(stored)))
]

/** A request as it is kept: until it is closed, and a while longer. `stored`: how ids of people are written. */
export const putRequest = (
  request: ChangeRequest,
  expected: number,
  stored: (id: string) => string
): DocumentWrite => ({
  kind: "put",
  collection: changeRequests.name,
  id: request.id,
  expected,
  schema_version: 1,
  subjects: subjectsOfRequest(request, stored),
  ...(request.outcome === null ? {} : { expires_at: request.outcome.at + closedRequestsKeptDays * dayMillis }),
  data: request
})
