import { Effect } from "effect"
import type { NameKind } from "../../../ports/analytics/EventStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { nearest } from "../../questions/nearest.ts"
import { readsBeside } from "./askAt.ts"
import type { NamedField } from "../../questions/planFilter.ts"

export interface Named {
  readonly name: string
  readonly pointer: string
}

/** Event types, properties and traits that a question names, and where. */
export interface AskedNames {
  readonly types: ReadonlyArray<Named>
  readonly named: ReadonlyArray<NamedField>
  /** What accounts it counts, if any. */
  readonly plan?: { readonly kind: string; readonly accountType?: string }
}

const warningsOf = (what: string, asked: ReadonlyArray<Named>, known: ReadonlyArray<string>) =>
  asked.flatMap(({ name, pointer }) => {
    if (known.includes(name)) return []
    const near = nearest(name, known)
    const detail = `no ${what} ${name} has come yet${near === undefined ? "" : `; did you mean ${near}?`}`
    return [{ pointer, detail }]
  })

/** What has not been seen yet may yet come: legal, answered, and said with the nearest name that has, as of the answer's watermark. */
export const nameWarnings = Effect.fnUntraced(function* (workspace: WorkspaceId, asked: AskedNames, watermark: string) {
  const asksNothing = asked.types.length === 0 && asked.named.length === 0 && asked.plan?.accountType === undefined
  if (asksNothing) return []
  const store = yield* readsBeside(workspace, watermark)
  const named = (kind: "property" | "trait" | "account_trait") =>
    asked.named.flatMap(({ field, pointer }) => (field.kind === kind ? [{ name: field.name, pointer }] : []))
  const types = [
    ...asked.named.flatMap(({ field, pointer }) =>
      field.kind === "account" || field.kind === "account_trait" ? [{ name: field.type, pointer }] : []
    ),
    ...(asked.plan?.accountType === undefined ? [] : [{ name: asked.plan.accountType, pointer: "/aggregate_by" }])
  ]
  const known = (kind: NameKind, asking: ReadonlyArray<Named>) =>
    asking.length === 0 ? Effect.succeed([]) : store.names(workspace, kind)
  const knownTypes = asked.types.length === 0 ? [] : (yield* store.eventTypes(workspace)).map((each) => each.event_type)
  return [
    ...warningsOf("event of the type", asked.types, knownTypes),
    ...warningsOf("event with the property", named("property"), yield* known("property", named("property"))),
    ...warningsOf("event with the trait", named("trait"), yield* known("trait", named("trait"))),
    ...warningsOf("account of the type", types, yield* known("account_type", types)),
    ...warningsOf(
      "account with the trait",
      named("account_trait"),
      yield* known("account_trait", named("account_trait"))
    )
  ]
})
