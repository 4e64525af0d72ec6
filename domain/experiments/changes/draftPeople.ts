import type { ChangeRequest, DefinitionChange, DefinitionKind } from "../../../ports/experiments/ChangeRequest.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { NewPhase } from "../../../ports/experiments/Experiment.ts"
import { environments, flags, holdouts, segments } from "../../../ports/experiments/Flag.ts"
import { peopleOfDefinition } from "../definitionPeople.ts"

/** Collections of the kinds of definitions. */
export const collectionOf: Readonly<Record<DefinitionKind, string>> = {
  flag: flags.name,
  segment: segments.name,
  holdout: holdouts.name,
  environment: environments.name,
  experiment: experiments.name
}

type MapDraft = <Draft>(collection: string, draft: Draft, pointer: string) => Draft

/** The request with each definition that it holds, drafted or begun from, as the function makes it. */
export const mapDrafts = (request: ChangeRequest, map: MapDraft): ChangeRequest => ({
  ...request,
  changes: request.changes.map((change, at) => mapChange(change, `/changes/${at}`, map))
})

const mapChange = (change: DefinitionChange, pointer: string, map: MapDraft): DefinitionChange => {
  const collection = collectionOf[change.kind]
  const { base } = change
  const definition = base.definition === null ? null : map(collection, base.definition, `${pointer}/base/definition`)
  const begun = { ...base, definition }
  if (change.kind !== "experiment") {
    if (change.definition === null) return { ...change, base: begun }
    const draft = map(collection, change.definition as object, `${pointer}/definition`)
    return { ...change, definition: draft, base: begun } as DefinitionChange
  }
  const { act } = change
  if (act.step !== "open_phase") return { ...change, base: begun }
  const phase = map(collection, act.phase, `${pointer}/act/phase`)
  return { ...change, act: { ...act, phase: phaseOf(phase) }, base: begun }
}

/** A condition stands in a phase as in an experiment, which has phases itself. */
const phaseOf = (mapped: NewPhase & { readonly phases?: unknown }): NewPhase => {
  const { phases: _, ...phase } = mapped
  return phase
}

/** Places of a request that name people, as pointers into it, with their ids. */
export const peopleOfRequest = (
  request: ChangeRequest,
  areIds: (segment: string) => boolean
): ReturnType<typeof peopleOfDefinition> => {
  const found: Array<ReturnType<typeof peopleOfDefinition>[number]> = []
  mapDrafts(request, (collection, draft, under) => {
    for (const { people, pointer } of peopleOfDefinition(collection, draft, areIds)) {
      found.push({ people, pointer: under + pointer })
    }
    return draft
  })
  return found
}
