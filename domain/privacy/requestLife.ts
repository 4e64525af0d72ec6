import { exportDays, historyMax } from "../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest, RequestHistory } from "../../ports/privacy/PrivacyRequest.ts"
import { requestDeadline } from "./requestDeadline.ts"

const dayMillis = 86_400_000

/** What is asked of a request. */
export type Command =
  | { readonly kind: "challenge"; readonly hash: string; readonly expiresAt: number }
  | { readonly kind: "verify_by_operator"; readonly evidence: string }
  | { readonly kind: "verify_by_token"; readonly hash: string }
  | { readonly kind: "extend"; readonly reason: string }
  | { readonly kind: "refuse"; readonly reason: string }
  | { readonly kind: "withdraw" }

/** What has happened to a request. */
export type RequestEvent =
  | { readonly event: "challenged"; readonly hash: string; readonly expiresAt: number }
  | { readonly event: "verified"; readonly method: "operator" | "token"; readonly evidence: string | null }
  | { readonly event: "extended"; readonly reason: string }
  | { readonly event: "refused"; readonly reason: string }
  | { readonly event: "withdrawn" }
  | { readonly event: "step_done"; readonly step: string }
  | { readonly event: "step_failed"; readonly step: string; readonly error: string }
  | { readonly event: "completed" }

/** Why a command is not followed. */
export type Rejection =
  | "closed"
  | "verified_before"
  | "extended_before"
  | "too_late"
  | "under_way"
  | "no_challenge"
  | "wrong_token"
  | "token_expired"
  | "too_many"

export type Decided = { readonly events: ReadonlyArray<RequestEvent> } | { readonly rejected: Rejection }

const isOpen = ({ status }: KeptRequest): boolean => status === "unverified" || status === "in_progress"

/** What a command makes of the request as it is. */
export const decide = (request: KeptRequest, command: Command, now: number): Decided => {
  if (!isOpen(request)) return { rejected: "closed" }
  if (request.history.length >= historyMax) return { rejected: "too_many" }
  switch (command.kind) {
    case "challenge":
      if (request.status !== "unverified") return { rejected: "verified_before" }
      return { events: [{ event: "challenged", hash: command.hash, expiresAt: command.expiresAt }] }
    case "verify_by_operator":
      if (request.status !== "unverified") return { rejected: "verified_before" }
      return { events: [{ event: "verified", method: "operator", evidence: command.evidence }] }
    case "verify_by_token":
      return decideToken(request, command.hash, now)
    case "extend":
      if (request.extended) return { rejected: "extended_before" }
      if (now > request.due_at) return { rejected: "too_late" }
      return { events: [{ event: "extended", reason: command.reason }] }
    case "refuse":
      if (hasBegun(request)) return { rejected: "under_way" }
      return { events: [{ event: "refused", reason: command.reason }] }
    case "withdraw":
      if (hasBegun(request)) return { rejected: "under_way" }
      return { events: [{ event: "withdrawn" }] }
  }
}

/** Whether something was done already that cannot be taken back. */
const hasBegun = ({ steps }: KeptRequest): boolean => steps.some(({ status }) => status === "done")

const decideToken = (request: KeptRequest, hash: string, now: number): Decided => {
  if (request.status !== "unverified") return { rejected: "verified_before" }
  if (request.challenge === undefined) return { rejected: "no_challenge" }
  if (request.challenge.hash !== hash) return { rejected: "wrong_token" }
  if (request.challenge.expires_at <= now) return { rejected: "token_expired" }
  return { events: [{ event: "verified", method: "token", evidence: null }] }
}

/** The request after the event. */
export const evolve = (request: KeptRequest, event: RequestEvent, by: string, at: number): KeptRequest => {
  switch (event.event) {
    case "challenged":
      return {
        ...noted(request, by, at, "challenged", null),
        challenge: { hash: event.hash, expires_at: event.expiresAt }
      }
    case "verified": {
      const { challenge: _, ...rest } = noted(request, by, at, "verified", event.method)
      const verification = { method: event.method, by, at, evidence: event.evidence }
      return { ...rest, status: "in_progress", verification }
    }
    case "extended": {
      const { law, received_at } = request
      const due_at = requestDeadline(law, received_at, true)
      return { ...noted(request, by, at, "extended", event.reason), extended: true, due_at }
    }
    case "refused":
      return closed({ ...noted(request, by, at, "refused", event.reason), status: "refused" }, at)
    case "withdrawn":
      return closed({ ...noted(request, by, at, "withdrawn", null), status: "withdrawn" }, at)
    case "step_done":
      return withStep(request, event.step, at, null)
    case "step_failed":
      return withStep(request, event.step, at, event.error)
    case "completed": {
      const isFile = request.kind === "access" || request.kind === "export"
      const available_until = isFile ? at + exportDays * dayMillis : null
      return closed({ ...noted(request, by, at, "completed", null), status: "completed", available_until }, at)
    }
  }
}

const noted = (
  request: KeptRequest,
  by: string,
  at: number,
  event: RequestHistory["event"],
  detail: string | null
): KeptRequest => ({ ...request, history: [...request.history, { at, by, event, detail }] })

/** What was kept for the sake of the steps alone goes. */
const closed = (request: KeptRequest, at: number): KeptRequest => {
  const { challenge: _, sealed_traits: __, ...rest } = request
  return { ...rest, completed_at: at }
}

const withStep = (request: KeptRequest, name: string, at: number, error: string | null): KeptRequest => ({
  ...request,
  steps: request.steps.map((step) =>
    step.name === name
      ? { ...step, status: error === null ? "done" : "failed", attempts: step.attempts + 1, at, error }
      : step
  )
})
