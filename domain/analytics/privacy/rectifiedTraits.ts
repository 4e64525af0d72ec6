import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { propertyCountMax, stringCharactersMax } from "../../../ports/analytics/AnalyticsEvent.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import { rectifiedTraitsMax } from "../../../ports/privacy/PrivacyRequest.ts"
import type { KeptRequest } from "../../../ports/privacy/PrivacyRequest.ts"
import { nonceBytes, seal, unseal } from "../../../ports/privacy/sealing.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { make as makeIngestion } from "../workflows/ingest.ts"

type Traits = Readonly<Record<string, unknown>>

const contextOf = (workspace: string, id: string): string => `${workspace}|privacy_requests|traits|${id}`

/** What is wrong with traits that are to be set. */
export const traitErrors = (traits: Traits | undefined) => {
  const names = Object.keys(traits ?? {})
  const wrong = (code: string, detail: string, pointer = "/traits") => [{ pointer, code, detail }]
  if (names.length === 0) return wrong("required", "a rectification sets at least one trait")
  if (names.length > Math.min(rectifiedTraitsMax, propertyCountMax)) {
    return wrong("too_many", `${rectifiedTraitsMax} traits at the most`)
  }
  return Object.entries(traits!).flatMap(([name, value]) =>
    name === "" || name.startsWith("$")
      ? wrong("invalid_name", "a name is not empty and does not begin with $", `/traits/${name}`)
      : JSON.stringify(value).length > stringCharactersMax
        ? wrong("too_long", `${stringCharactersMax} characters at the most`, `/traits/${name}`)
        : []
  )
}

/** The traits sealed under the person's own key, so that they go with it. */
export const sealTraits = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  id: string,
  person: string,
  traits: Traits
) {
  const subjectKeys = yield* SubjectKeys
  const key = (yield* subjectKeys.getOrCreate(workspace, [person])).keys.get(person)
  if (key === undefined) {
    return yield* new Refused({ kind: "not-found", detail: "there is no such person", errors: [] })
  }
  const random = yield* SecureRandom.SecureRandom
  const nonce = yield* random.randomBytes(nonceBytes)
  return seal(key, nonce, contextOf(workspace, id), Buffer.from(JSON.stringify(traits))).toString("base64url")
})

const openTraits = Effect.fnUntraced(function* (workspace: WorkspaceId, { id, person, sealed_traits }: KeptRequest) {
  const key = (yield* (yield* SubjectKeys).get(workspace, [person])).get(person)
  if (key === undefined || sealed_traits === undefined) return undefined
  const clear = unseal(key, contextOf(workspace, id), Buffer.from(sealed_traits, "base64url"))
  return clear === undefined ? undefined : (JSON.parse(clear.toString("utf8")) as Traits)
})

/** Whether the id is a user's, rather than that of a device without one. */
const isUser = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const store = yield* EventStore
  const range = { fromMillis: 0, toMillis: Number.MAX_SAFE_INTEGER, limit: 1 }
  const field = { kind: "column", column: "user_id" } as const
  const found = yield* store.events({ workspace, ...range, filter: { kind: "is", field, value: id } })
  return found.length > 0
})

/** Says what is right by an event of the person: a new fact, which goes before what was said earlier. Once per request. */
export const writeTraits = Effect.fnUntraced(function* (workspace: WorkspaceId, request: KeptRequest) {
  const store = yield* EventStore
  const traits = yield* openTraits(workspace, request)
  const [held] = yield* store.people({ workspace, personId: request.person, limit: 1 })
  if (traits === undefined || held === undefined) {
    return yield* new Refused({ kind: "not-found", detail: "there is no such person any more", errors: [] })
  }
  yield* (yield* SettingsSource).load(workspace)
  const ofUser = yield* isUser(workspace, held.person_id)
  const event = {
    event_id: request.id,
    event_type: "user_rectified",
    // An id of nobody: the event links no device.
    ...(ofUser ? { anonymous_id: "server", user_id: held.person_id } : { anonymous_id: held.person_id }),
    session_id: request.id,
    timestamp: DateTime.formatIso(yield* DateTime.now),
    properties: { traits, interactive: false }
  }
  const ingestion = yield* makeIngestion
  const facts = { workspace, mayImport: false, keyKind: "secret" } as const
  const { dropped } = yield* ingestion
    .ingestEvent(facts, JSON.stringify(event))
    .pipe(Effect.catchTag("InvalidEvents", ({ detail }) => Effect.die(new Error(detail))))
  if (dropped === undefined) return
  return yield* new Refused({ kind: "conflict", detail: `the new fact is not kept: ${dropped}`, errors: [] })
})
