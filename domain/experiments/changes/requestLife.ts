import type {
  ChangeRequest,
  DefinitionChange,
  NewApproval,
  NewChangeRequest
} from "../../../ports/experiments/ChangeRequest.ts"
import { authorKeysMax, commentsMax } from "../../../ports/experiments/ChangeRequest.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"

/** Why a step of a request's life is not taken. */
export interface RequestRefusal {
  readonly kind: "refused"
  /** `conflict`: its state does not allow it; `forbidden`: not to this person; `invalid`: what was asked is wrong. */
  readonly because: "conflict" | "forbidden" | "invalid"
  readonly detail: string
  readonly errors: ReadonlyArray<FieldError>
}

export type RequestChange = RequestRefusal | { readonly kind: "changed"; readonly request: ChangeRequest }

/** The person who stands behind the token, its key, and when, in ms UTC. */
export interface PersonalAct {
  readonly by: string
  readonly key: string
  readonly at: number
}

type Words = Pick<NewChangeRequest, "title" | "description">

/** What a request says of itself. */
export const wordsOf = ({ description, title }: Words): Words => ({
  title,
  ...(description === undefined ? {} : { description })
})

const changed = (request: ChangeRequest): RequestChange => ({ kind: "changed", request })
const refusal = (
  because: RequestRefusal["because"],
  detail: string,
  error?: readonly [pointer: string, code: string]
): RequestRefusal => ({
  kind: "refused",
  because,
  detail,
  errors: error === undefined ? [] : [{ pointer: error[0], code: error[1], detail }]
})

const names = {
  draft: "a draft",
  in_review: "in review",
  applied: "applied",
  rejected: "rejected",
  withdrawn: "withdrawn"
}
const wrongState = ({ status }: ChangeRequest, what: string): RequestRefusal =>
  refusal("conflict", `the request is ${names[status]} and ${what}`)

export const isOpen = ({ status }: Pick<ChangeRequest, "status">): boolean =>
  status === "draft" || status === "in_review"

/** Keys by which the draft was written. */
export const authorKeys = ({ author_keys, created_by }: ChangeRequest): ReadonlyArray<string> =>
  author_keys ?? [created_by]

/** When keys were revoked, ms UTC, by their ids. */
export type Revocations = ReadonlyMap<string, number>

/**
 * Approvals that count: none by a key that was revoked, and none from before a key of the draft was, for nobody knows
 * whose draft it was that they approved.
 */
export const standingApprovals = (request: ChangeRequest, revoked: Revocations): ChangeRequest["approvals"] => {
  const last = Math.max(...authorKeys(request).map((key) => revoked.get(key) ?? Number.NEGATIVE_INFINITY))
  return request.approvals.filter(({ at, key }) => !revoked.has(key) && at > last)
}

/** Why a request must not be applied at the time that was set for it, whatever was approved. */
export const unscheduledBy = (request: ChangeRequest, revoked: Revocations): RequestRefusal | undefined => {
  const { scheduled_by: by } = request
  if (by === null) return undefined
  if (revoked.has(by.key)) {
    return refusal("conflict", `the key ${by.key}, by which it was scheduled, was revoked`, [
      "/apply_at",
      "key_revoked"
    ])
  }
  const gone = authorKeys(request).find((key) => (revoked.get(key) ?? Number.NEGATIVE_INFINITY) >= by.at)
  return gone === undefined
    ? undefined
    : refusal("conflict", `the key ${gone}, by which it was written, was revoked since`, ["/apply_at", "key_revoked"])
}

const stamped = (request: ChangeRequest, { at, key }: PersonalAct): ChangeRequest => ({
  ...request,
  changed_at: at,
  changed_by: key
})

export const beginRequest = (
  id: string,
  words: Words,
  changes: ReadonlyArray<DefinitionChange>,
  { at, by, key }: PersonalAct,
  status: "draft" | "in_review" = "draft"
): ChangeRequest => ({
  id,
  created_at: at,
  created_by: key,
  changed_at: at,
  changed_by: key,
  ...wordsOf(words),
  status,
  version: 1,
  authors: [by],
  author_keys: [key],
  changes,
  approvals: [],
  comments: [],
  apply_at: null,
  scheduled_by: null,
  problem: null,
  outcome: null
})

/** Another draft: a new version, which nobody has approved yet, and whose time nobody has set. */
export const redraft = (
  request: ChangeRequest,
  words: Words,
  changes: ReadonlyArray<DefinitionChange>,
  act: PersonalAct
): RequestChange => {
  if (!isOpen(request)) return wrongState(request, "does not change any more")
  const { description: _, ...rest } = request
  const keys = [...new Set([...authorKeys(request), act.key])]
  if (keys.length > authorKeysMax) {
    return refusal("conflict", `a draft is written by at most ${authorKeysMax} keys`, ["", "too_many"])
  }
  return changed({
    ...stamped(rest, act),
    ...words,
    changes,
    version: request.version + 1,
    authors: [...new Set([...request.authors, act.by])],
    author_keys: keys,
    approvals: [],
    apply_at: null,
    scheduled_by: null,
    problem: null
  })
}

export const submit = (request: ChangeRequest, act: PersonalAct): RequestChange =>
  request.status === "draft"
    ? changed({ ...stamped(request, act), status: "in_review" })
    : wrongState(request, "is submitted once")

export const approve = (
  request: ChangeRequest,
  { comment = null, version }: Omit<NewApproval, "comment"> & { readonly comment?: string | null | undefined },
  act: PersonalAct
): RequestChange => {
  if (request.status !== "in_review") return wrongState(request, "is not to be approved")
  if (version !== request.version) {
    return refusal("conflict", `the draft is at version ${request.version}`, ["/version", "outdated"])
  }
  if (request.authors.includes(act.by)) {
    return refusal("forbidden", "whoever wrote a draft does not approve it", ["", "own_draft"])
  }
  const others = request.approvals.filter(({ by }) => by !== act.by)
  return changed({ ...stamped(request, act), approvals: [...others, { ...act, comment }] })
}

export const comment = (request: ChangeRequest, text: string, act: PersonalAct): RequestChange => {
  if (request.comments.length >= commentsMax) {
    return refusal("conflict", `a request has at most ${commentsMax} comments`, ["", "too_many"])
  }
  return changed({ ...request, comments: [...request.comments, { ...act, text }] })
}

/** To be applied at an instant, ms UTC; at once where that is past. `undefined` takes it back. */
export const schedule = (request: ChangeRequest, at: number | undefined, act: PersonalAct): RequestChange => {
  if (request.status !== "in_review") return wrongState(request, "is not to be applied")
  if (at === undefined) return changed({ ...stamped(request, act), apply_at: null, scheduled_by: null, problem: null })
  if (at <= act.at) return refusal("invalid", "must lie in the future", ["/apply_at", "in_past"])
  return changed({ ...stamped(request, act), apply_at: at, scheduled_by: act, problem: null })
}

type Outcome = NonNullable<ChangeRequest["outcome"]>

/** Ends a request. A bypass does not wait for a review; what is applied with approvals does. */
export const close = (
  request: ChangeRequest,
  kind: Outcome["kind"],
  reason: string | null,
  act: PersonalAct
): RequestChange => {
  const isReady = kind === "applied" || kind === "rejected" ? request.status === "in_review" : isOpen(request)
  if (!isReady) return wrongState(request, isOpen(request) ? "is to be submitted first" : "stays so")
  const status = kind === "bypassed" ? "applied" : kind
  return changed({ ...stamped(request, act), status, apply_at: null, problem: null, outcome: { ...act, kind, reason } })
}

/** It was not applied at its time: it stays in review, and somebody must see to it. */
export const postpone = (request: ChangeRequest, problem: NonNullable<ChangeRequest["problem"]>): ChangeRequest => ({
  ...request,
  apply_at: null,
  problem
})
