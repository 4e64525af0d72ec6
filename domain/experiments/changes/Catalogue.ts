import { isDeepStrictEqual } from "node:util"
import type { DefinitionKind } from "../../../ports/experiments/ChangeRequest.ts"
import type { FlagFile } from "../../../ports/experiments/FlagFile.ts"
import { groupsNamed } from "../../targeting/checkCondition.ts"
import { fileOf } from "../evaluation/fileOf.ts"
import type { Definitions } from "../evaluation/fileOf.ts"

/** All that a workspace has defined. */
export interface Catalogue {
  readonly definitions: Definitions
  readonly environments: ReadonlyArray<string>
}

export interface DefinitionName {
  readonly kind: DefinitionKind
  readonly id: string
}

interface Keyed {
  readonly key: string
}

const lists = { flag: "flags", segment: "segments", holdout: "holdouts" } as const

/** The catalogue with one definition as given; `null`: without it. */
export const withDefinition = (catalogue: Catalogue, { id, kind }: DefinitionName, definition: unknown): Catalogue => {
  const { definitions, environments } = catalogue
  if (kind === "environment") {
    const others = environments.filter((key) => key !== id)
    return { definitions, environments: definition === null ? others : [...others, id] }
  }
  if (kind === "experiment") {
    const experiments = definitions.experiments.map((each) =>
      each.id === id ? (definition as Definitions["experiments"][number]) : each
    )
    return { definitions: { ...definitions, experiments }, environments }
  }
  const others = (definitions[lists[kind]] as ReadonlyArray<Keyed>).filter(({ key }) => key !== id)
  const now = definition === null ? others : [...others, definition as Keyed]
  return { definitions: { ...definitions, [lists[kind]]: now }, environments }
}

/**
 * Those of some environments in which units may be treated otherwise by a change of definitions. A new flag that is off,
 * words, and what is on in other environments alone make no difference.
 */
export const environmentsTouched = (
  before: Catalogue,
  after: Catalogue,
  changed: ReadonlyArray<DefinitionName>,
  among: ReadonlyArray<string>
): ReadonlyArray<string> =>
  among.filter((environment) => {
    const [was, is] = [fileOf(before.definitions, environment), fileOf(after.definitions, environment)]
    return changed.some(({ id, kind }) =>
      kind === "environment" ? id === environment && !after.environments.includes(id) : isTouched[kind](was, is, id)
    )
  })

type IsTouched = (was: FlagFile, is: FlagFile, id: string) => boolean

const isTouched: Readonly<Record<Exclude<DefinitionKind, "environment">, IsTouched>> = {
  flag: (was, is, id) => {
    const [before, after] = [was, is].map(({ flags }) => flags.find(({ key }) => key === id))
    return before === undefined ? after?.enabled === true : !isDeepStrictEqual(before, after)
  },
  segment: (was, is, id) => {
    const [before, after] = [was, is].map(({ groups = [] }) => groups.find((group) => group.id === id))
    return !isDeepStrictEqual(before, after) && (reachedGroups(was).has(id) || reachedGroups(is).has(id))
  },
  holdout: (was, is, id) => {
    const [before, after] = [was, is].map(({ holdouts = [] }) => holdouts.find((holdout) => holdout.id === id))
    return !isDeepStrictEqual(before, after)
  },
  experiment: (was, is, id) => {
    const [before, after] = [was, is].map(({ experiments = [] }) => experiments.find((each) => each.id === id))
    return (before?.running === true || after?.running === true) && !isDeepStrictEqual(before, after)
  }
}

/** Groups that flags and running experiments name, by themselves or through others. */
const reachedGroups = ({ experiments = [], flags, groups = [] }: FlagFile): ReadonlySet<string> => {
  const byId = new Map(groups.map((group) => [group.id, group]))
  const reached = new Set<string>()
  const open = [...groupsNamed([flags, experiments.filter(({ running }) => running)])]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    const group = byId.get(id)
    if (group?.type === "condition") open.push(...groupsNamed(group.condition))
  }
  return reached
}
