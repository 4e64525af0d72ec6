import { Effect } from "effect"
import { goals, goalsMax } from "../../../ports/analytics/Goal.ts"
import type { Goal } from "../../../ports/analytics/Goal.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { NamedGoal } from "../../questions/goals/namedGoals.ts"
import { planGoal } from "../../questions/goals/planGoal.ts"
import type { FilterScope } from "../../questions/planFilter.ts"
import { definitionOf } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"
import { readDefinition } from "./pastDefinitions.ts"

/** What was right when the goal was kept may be wrong by now: a property that is encrypted since. */
const conversionsOf = Effect.fnUntraced(function* (goal: Goal, scope: FilterScope) {
  const { conversions, errors } = planGoal(goal, scope)
  if (errors.length === 0) return conversions
  return yield* new InvalidQuestion({
    errors: errors.map(({ code, detail, pointer }) => ({
      pointer: "",
      code,
      detail: `the goal ${goal.name} at ${pointer}: ${detail}`
    }))
  })
})

/** What the named goals that there are mean, and their revisions. */
export const resolveGoals = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  named: ReadonlyArray<NamedGoal>,
  scope: FilterScope
) {
  const ids = new Map(named.map(({ id, pointer }) => [id, pointer]))
  const resolved = new Map<string, { readonly name: string; readonly goal: Goal; readonly conversions: PlanFilter }>()
  const revisions: Array<DefinitionRevision> = []
  if (ids.size > goalsMax) {
    const [pointer = ""] = ids.values()
    const detail = `${goalsMax} goals at the most`
    return yield* new InvalidQuestion({ errors: [{ pointer, code: "too_many", detail }] })
  }
  for (const id of ids.keys()) {
    const found = yield* readDefinition<Goal>(workspace, goals, id)
    if (found === undefined) continue
    const goal = found.item
    resolved.set(id, { name: goal.name, goal, conversions: yield* conversionsOf(goal, scope) })
    revisions.push([definitionOf(goals, id), found.revision])
  }
  return { goals: resolved, revisions }
})
