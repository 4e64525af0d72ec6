import { Effect, Stream } from "effect"
import { PersonalData } from "../../../ports/privacy/PersonalData.ts"
import type { KeptRequest, PrivacyRequestKind } from "../../../ports/privacy/PrivacyRequest.ts"
import type { Actor } from "../../platform/audit.ts"
import { erasePerson } from "../workflows/erasePerson.ts"
import { subjectIds } from "../workflows/subjectsOfPerson.ts"
import { keepPreference } from "./preferences.ts"
import { liftRestriction, restrict } from "./restrictions.ts"
import { writeTraits } from "./rectifiedTraits.ts"

/** What a step has found out. */
export type Findings = Partial<Pick<KeptRequest, "inventory" | "receipt" | "person">>

/** One thing to do for a request. May be repeated. */
export interface Step<E, R> {
  readonly name: string
  /** Steps that must be at their end before. */
  readonly needs: ReadonlyArray<string>
  readonly run: (actor: Actor, request: KeptRequest) => Effect.Effect<Findings, E, R>
}

/** Counts what one module holds of the person, by kind: the export is whole where it holds as many. */
const inventoryOf = (module: string) => ({
  name: `inventory ${module}`,
  needs: [],
  run: Effect.fnUntraced(function* ({ workspace }: Actor, { inventory, person }: KeptRequest) {
    const holder = (yield* PersonalData).find((each) => each.module === module)
    const counts: Record<string, number> = {}
    if (holder === undefined) return { inventory }
    const subjects = { workspace, person, ids: [...(yield* subjectIds(workspace, person))].toSorted() }
    yield* Stream.runForEach(holder.export(subjects), ({ kind }) =>
      Effect.sync(() => void (counts[`${module}.${kind}`] = (counts[`${module}.${kind}`] ?? 0) + 1))
    )
    return { inventory: { ...inventory, ...counts } }
  })
})

const erase = {
  name: "erase",
  needs: [],
  run: (actor: Actor, { person }: KeptRequest) =>
    erasePerson(actor, person).pipe(
      Effect.map((receipt): Findings => ({ receipt, person: `erased_${receipt.person}` })),
      // Nothing is held of such a person: that is what was asked for.
      Effect.catchTag("Refused", (refused) =>
        refused.kind === "not-found" ? Effect.succeed<Findings>({}) : Effect.fail(refused)
      )
    )
}

const rectify = {
  name: "write traits",
  needs: [],
  run: ({ workspace }: Actor, request: KeptRequest) => Effect.map(writeTraits(workspace, request), (): Findings => ({}))
}

const objectToSale = {
  name: "record",
  needs: [],
  run: (actor: Actor, { person }: KeptRequest) =>
    Effect.map(keepPreference(actor, person, { do_not_sell: true, source: "request" }), (): Findings => ({}))
}

const restriction = (name: "restrict" | "lift_restriction", work: typeof restrict) => ({
  name,
  needs: [],
  run: (actor: Actor, { person }: KeptRequest) => Effect.map(work(actor, person), (): Findings => ({}))
})

/** What is done for a request of the kind, step by step. */
export const stepsOf = Effect.fnUntraced(function* (kind: PrivacyRequestKind) {
  switch (kind) {
    case "access":
    case "export":
      return (yield* PersonalData).map(({ module }) => inventoryOf(module))
    case "erase":
      return [erase]
    case "rectify":
      return [rectify]
    case "restrict":
      return [restriction(kind, restrict)]
    case "lift_restriction":
      return [restriction(kind, liftRestriction)]
    case "do_not_sell":
      return [objectToSale]
  }
})
