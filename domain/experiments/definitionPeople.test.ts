import { assert, describe, it } from "vitest"
import { experiments } from "../../ports/experiments/Experiment.ts"
import { releases } from "../../ports/experiments/GuardedRelease.ts"
import { definitionWithout, peopleOfDefinition, subjectsOfDefinition } from "./definitionPeople.ts"

const of = (dimension: string, operator: string, value: unknown) => ({
  event_types: ["ordered"],
  filters: { dimension, operator, value }
})
const experiment = (ada: string) => ({
  name: "ada",
  goals: [{ id: "by-ada", measure: { kind: "rate", of: of("user_id", "is", ada) } }],
  secondary: [
    { id: "all", measure: { kind: "rate", of: { event_types: ["ordered"] } } },
    {
      id: "through",
      measure: { kind: "funnel", steps: [of("country", "is", "ada"), of("anonymous_id", "one_of", [ada, "ben"])] }
    }
  ],
  guardrails: [
    { id: "costs", measure: { kind: "ratio", of: of("user_id", "contains", "ada"), by: of("user_id", "is_not", ada) } }
  ],
  phases: [{ number: 1, condition: { user_id: { $ne: "ben" } } }]
})
const release = (ada: string) => ({
  flag: "checkout",
  guardrails: [{ id: "failed", measure: { kind: "mean", of: of("user_id", "one_of", ["ben", ada]) } }]
})
const nameOf = (id: string) => (id === "ada" ? "erased_1" : undefined)

describe("people in definitions", () => {
  it("are those whom the metrics of experiments compare with, too", () => {
    assert.deepStrictEqual(peopleOfDefinition(experiments.name, experiment("ada")), [
      { pointer: "/goals/0/measure/of/filters/value", people: new Set(["ada"]) },
      { pointer: "/secondary/1/measure/steps/1/filters/value", people: new Set(["ada", "ben"]) },
      { pointer: "/guardrails/0/measure/by/filters/value", people: new Set(["ada"]) },
      { pointer: "/phases/0/condition", people: new Set(["ben"]) }
    ])
    assert.deepStrictEqual(definitionWithout(experiments.name, experiment("ada"), nameOf), experiment("erased_1"))
  })

  it("are those whom the guardrails of releases compare with", () => {
    assert.deepStrictEqual(
      subjectsOfDefinition(releases.name, release("ada"), (id) => `stored ${id}`),
      ["stored ben", "stored ada"]
    )
    assert.deepStrictEqual(definitionWithout(releases.name, release("ada"), nameOf), release("erased_1"))
  })
})
