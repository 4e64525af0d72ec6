import { escaped } from "../../ports/jsonPointer.ts"
import { experiments } from "../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../ports/experiments/Experiment.ts"
import { flags, segments } from "../../ports/experiments/Flag.ts"
import type { Flag, Segment } from "../../ports/experiments/Flag.ts"
import { overrideAttributeUsual, qaOverrides } from "../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../ports/experiments/QaOverride.ts"
import type { Condition } from "../../ports/targeting/Condition.ts"
import { isIdPath, peopleNamed, withoutPeople } from "../targeting/namedPeople.ts"

type Ids = ReadonlyArray<string | number | boolean>

/** What is done at each place of a definition that may name people; the pointer leads to it. */
interface AtPlaces {
  readonly condition: (condition: Condition, pointer: string) => Condition
  readonly list: (ids: Ids, pointer: string) => Ids
}

const mapFlag = (flag: Flag, { condition: at }: AtPlaces): Flag =>
  flag.environments === undefined
    ? flag
    : {
        ...flag,
        environments: Object.fromEntries(
          Object.entries(flag.environments).map(([name, { rules, ...environment }]) => [
            name,
            rules === undefined
              ? environment
              : {
                  ...environment,
                  rules: rules.map((rule, place) =>
                    rule.condition === undefined
                      ? rule
                      : {
                          ...rule,
                          condition: at(rule.condition, `/environments/${escaped(name)}/rules/${place}/condition`)
                        }
                  )
                }
          ])
        )
      }

const mapSegment = (segment: Segment, { condition, list }: AtPlaces): Segment => {
  const { members } = segment
  if ("condition" in members) {
    return { ...segment, members: { condition: condition(members.condition, "/members/condition") } }
  }
  if ("cohort" in members) return segment
  return isIdPath(members.attribute)
    ? { ...segment, members: { ...members, values: list(members.values, "/members/values") } }
    : segment
}

const mapExperiment = (experiment: Experiment, { condition: at }: AtPlaces): Experiment => ({
  ...experiment,
  ...(experiment.condition === undefined ? {} : { condition: at(experiment.condition, "/condition") }),
  phases: experiment.phases.map((phase, place) =>
    phase.condition === undefined ? phase : { ...phase, condition: at(phase.condition, `/phases/${place}/condition`) }
  )
})

/** A definition of the collection of that name; of other ones nothing names people. */
const mapPlaces = (kind: string, item: unknown, at: AtPlaces): unknown => {
  switch (kind) {
    case flags.name:
      return mapFlag(item as Flag, at)
    case segments.name:
      return mapSegment(item as Segment, at)
    case experiments.name:
      // A draft that is not kept yet has no phases.
      return mapExperiment({ phases: [], ...(item as object) } as unknown as Experiment, at)
    case qaOverrides.name: {
      const override = item as QaOverride
      return isIdPath(override.attribute ?? overrideAttributeUsual)
        ? { ...override, units: at.list(override.units, "/units") }
        : override
    }
    default:
      return item
  }
}

/** Places of a definition that name people, as pointers into it, with their ids. */
export const peopleOfDefinition = (
  kind: string,
  item: unknown
): ReadonlyArray<{ readonly pointer: string; readonly people: ReadonlySet<string> }> => {
  const found: Array<{ readonly pointer: string; readonly people: ReadonlySet<string> }> = []
  mapPlaces(kind, item, {
    condition: (condition, pointer) => {
      found.push({ pointer, people: peopleNamed(condition) })
      return condition
    },
    list: (ids, pointer) => {
      found.push({ pointer, people: new Set(ids.map(String)) })
      return ids
    }
  })
  return found.filter(({ people }) => people.size > 0)
}

/** The definition without people; for everybody else it means what it meant. */
export const definitionWithout = <Item>(kind: string, item: Item, isGone: (id: string) => boolean): Item =>
  mapPlaces(kind, item, {
    condition: (condition) => withoutPeople(condition, isGone),
    list: (ids) => ids.filter((id) => !isGone(String(id)))
  }) as Item

/** Whom a definition names, by ids as they are stored. */
export const subjectsOfDefinition = (
  kind: string,
  item: unknown,
  stored: (id: string) => string
): ReadonlyArray<string> => [
  ...new Set(peopleOfDefinition(kind, item).flatMap(({ people }) => [...people].map(stored)))
]
