import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { nearest } from "../../questions/nearest.ts"
import type { NamedField } from "../../questions/planFilter.ts"

export interface Named {
  readonly name: string
  readonly pointer: string
}

/** Event types, properties and traits that a question names, and where. */
export interface AskedNames {
  readonly types: ReadonlyArray<Named>
  readonly named: ReadonlyArray<NamedField>
}

const warningsOf = (what: string, asked: ReadonlyArray<Named>, known: ReadonlyArray<string>) =>
  asked.flatMap(({ name, pointer }) => {
    if (known.includes(name)) return []
    const near = nearest(name, known)
    const detail = `no ${what} ${name} has come yet${near === undefined ? "" : `; did you mean ${near}?`}`
    return [{ pointer, detail }]
  })

/** What has not been seen yet may yet come: legal, answered, and said with the nearest name that has. */
export const nameWarnings = Effect.fnUntraced(function* (workspace: WorkspaceId, asked: AskedNames) {
  const store = yield* EventStore
  const named = (kind: "property" | "trait") =>
    asked.named.flatMap(({ field, pointer }) => (field.kind === kind ? [{ name: field.name, pointer }] : []))
  const known = (kind: "property" | "trait") =>
    named(kind).length === 0 ? Effect.succeed([]) : store.names(workspace, kind)
  const knownTypes = asked.types.length === 0 ? [] : (yield* store.eventTypes(workspace)).map((each) => each.event_type)
  return [
    ...warningsOf("event of the type", asked.types, knownTypes),
    ...warningsOf("event with the property", named("property"), yield* known("property")),
    ...warningsOf("event with the trait", named("trait"), yield* known("trait"))
  ]
})
