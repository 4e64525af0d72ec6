import { Effect, Stream } from "effect"
import { PersonalData } from "../../../ports/privacy/PersonalData.ts"
import type { PersonalRecord } from "../../../ports/privacy/PersonalData.ts"
import type { Actor } from "../../platform/audit.ts"
import { permitPersonalData } from "./permitPersonalData.ts"
import { subjectsOfPerson } from "./subjectsOfPerson.ts"

/** Everything that is held of a person, once the audit log says who reads it; the last record says how many there are. */
export const exportPerson = Effect.fn("exportPerson")(function* (
  actor: Actor & { readonly mayReadPersonalData: boolean },
  asked: string
) {
  const subjects = yield* subjectsOfPerson(actor.workspace, asked)
  yield* permitPersonalData(actor, `persons/${subjects.person}`, subjects.ids)
  const holders = yield* PersonalData
  let records = 0
  const held = Stream.fromIterable(holders).pipe(
    Stream.flatMap(({ export: ofModule, module }) =>
      Stream.map(ofModule(subjects), (each): PersonalRecord => {
        records += 1
        return { module, ...each }
      })
    )
  )
  const end = Effect.sync((): PersonalRecord => ({ module: "platform", kind: "end", data: { records } }))
  return Stream.concat(held, Stream.fromEffect(end))
})
