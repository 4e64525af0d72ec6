import { escaped } from "../../ports/jsonPointer.ts"
import { experiments } from "../../ports/experiments/Experiment.ts"
import type { Experiment, ExperimentMetric } from "../../ports/experiments/Experiment.ts"
import { flags, segments } from "../../ports/experiments/Flag.ts"
import type { Flag, Segment } from "../../ports/experiments/Flag.ts"
import { releases } from "../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease } from "../../ports/experiments/GuardedRelease.ts"
import { overrideAttributeUsual, qaOverrides } from "../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../ports/experiments/QaOverride.ts"
import type { Condition } from "../../ports/targeting/Condition.ts"
import { mapPeople } from "../privacy/peopleInFilters.ts"
import { isIdPath, peopleNamed, withoutPeople } from "../targeting/namedPeople.ts"

type Ids = ReadonlyArray<string | number | boolean>

/** What is done at each place of a definition that may name people; the pointer leads to it. */
interface AtPlaces {
  readonly condition: (condition: Condition, pointer: string) => Condition
  readonly list: (ids: Ids, pointer: string) => Ids
  /** Whether values of the segment are compared with ids, whatever attribute it is of. */
  readonly areIds: (segment: string) => boolean
  /** An id that a filter of a metric compares with. */
  readonly id: (id: string, pointer: string) => string
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

const mapSegment = (segment: Segment, { areIds, condition, list }: AtPlaces): Segment => {
  const { members } = segment
  if ("condition" in members) {
    return { ...segment, members: { condition: condition(members.condition, "/members/condition") } }
  }
  if ("cohort" in members) return segment
  return isIdPath(members.attribute) || areIds(segment.key)
    ? { ...segment, members: { ...members, values: list(members.values, "/members/values") } }
    : segment
}

const mapMetrics = (
  metrics: ReadonlyArray<ExperimentMetric>,
  { id }: AtPlaces,
  pointer: string
): ReadonlyArray<ExperimentMetric> => mapPeople(metrics, id, pointer) as ReadonlyArray<ExperimentMetric>

const mapExperiment = (experiment: Experiment, places: AtPlaces): Experiment => {
  const { condition: at } = places
  const { goals, guardrails, secondary } = experiment
  return {
    ...experiment,
    ...(goals === undefined ? {} : { goals: mapMetrics(goals, places, "/goals") }),
    ...(secondary === undefined ? {} : { secondary: mapMetrics(secondary, places, "/secondary") }),
    ...(guardrails === undefined ? {} : { guardrails: mapMetrics(guardrails, places, "/guardrails") }),
    ...(experiment.condition === undefined ? {} : { condition: at(experiment.condition, "/condition") }),
    phases: experiment.phases.map((phase, place) =>
      phase.condition === undefined ? phase : { ...phase, condition: at(phase.condition, `/phases/${place}/condition`) }
    )
  }
}

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
    case releases.name: {
      const release = item as GuardedRelease
      const { recipients } = release
      return {
        ...release,
        guardrails: mapMetrics(release.guardrails, at, "/guardrails"),
        ...(recipients === undefined ? {} : { recipients: at.list(recipients, "/recipients") })
      }
    }
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
  item: unknown,
  areIds: AtPlaces["areIds"] = () => false
): ReadonlyArray<{ readonly pointer: string; readonly people: ReadonlySet<string> }> => {
  const found = new Map<string, Set<string>>()
  const note = (pointer: string, people: Iterable<string>) => {
    const there = found.get(pointer) ?? new Set()
    for (const id of people) there.add(id)
    found.set(pointer, there)
  }
  mapPlaces(kind, item, {
    areIds,
    condition: (condition, pointer) => {
      note(pointer, peopleNamed(condition))
      return condition
    },
    list: (ids, pointer) => {
      note(pointer, ids.map(String))
      return ids
    },
    id: (id, pointer) => {
      note(pointer, [id])
      return id
    }
  })
  return [...found].flatMap(([pointer, people]) => (people.size === 0 ? [] : [{ pointer, people }]))
}

/**
 * The definition without people; for everybody else it means what it meant. `nameOf`: what a person who is gone is called
 * in filters of metrics, which without a value would count others; nothing for whoever is not gone.
 */
export const definitionWithout = <Item>(
  kind: string,
  item: Item,
  nameOf: (id: string) => string | undefined,
  areIds: AtPlaces["areIds"] = () => false
): Item => {
  const isGone = (id: string) => nameOf(id) !== undefined
  return mapPlaces(kind, item, {
    areIds,
    condition: (condition) => withoutPeople(condition, isGone),
    list: (ids) => ids.filter((id) => !isGone(String(id))),
    id: (id) => nameOf(id) ?? id
  }) as Item
}

/** Whom a definition may name, by ids as they are stored: of every list, for another definition may compare ids with it. */
export const subjectsOfDefinition = (
  kind: string,
  item: unknown,
  stored: (id: string) => string
): ReadonlyArray<string> => [
  ...new Set(peopleOfDefinition(kind, item, () => true).flatMap(({ people }) => [...people].map(stored)))
]
