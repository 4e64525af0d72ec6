import { assert, describe, it } from "vitest"
import { mapPeople, peopleInFilters } from "./peopleInFilters.ts"

const definition = {
  name: "ada",
  steps: [
    { event_types: ["ada"], filters: { dimension: "user_id", operator: "is", value: "ada" } },
    {
      filters: {
        and: [
          { not: { dimension: "anonymous_id", operator: "one_of", value: ["phone", 7] } },
          { dimension: "user_id", operator: "is_not", value: "ben" },
          { dimension: "property:user", operator: "is", value: "ada" },
          { dimension: "user_id", operator: "contains", value: "ada" },
          { dimension: "user_id", operator: "is_set" }
        ]
      }
    }
  ]
}

describe("people in filters", () => {
  it("are those whose whole ids a condition compares with, at any depth", () => {
    assert.deepStrictEqual(peopleInFilters(definition), [
      { id: "ada", pointer: "/steps/0/filters/value" },
      { id: "phone", pointer: "/steps/1/filters/and/0/not/value" },
      { id: "7", pointer: "/steps/1/filters/and/0/not/value" },
      { id: "ben", pointer: "/steps/1/filters/and/1/value" }
    ])
  })

  it("get another name there, and nowhere else", () => {
    const found = mapPeople(definition, (id) => (id === "ada" ? "erased_1" : id))
    const expected = structuredClone(definition) as { steps: Array<{ filters: { value?: string } }> }
    expected.steps[0]!.filters.value = "erased_1"
    // Numbers are ids as texts are.
    const texts = JSON.parse(JSON.stringify(expected).replace('["phone",7]', '["phone","7"]')) as unknown
    assert.deepStrictEqual(found, texts)
  })

  it("are recipients of messages, too, who get none under another name", () => {
    const alert = { name: "ada@example.org", recipients: ["ada@example.org", "ben@example.org"] }
    assert.deepStrictEqual(peopleInFilters({ item: alert }), [
      { id: "ada@example.org", pointer: "/item/recipients" },
      { id: "ben@example.org", pointer: "/item/recipients" }
    ])
    const left = mapPeople(alert, (id) => (id === "ada@example.org" ? "erased_1" : id))
    assert.deepStrictEqual(left, { ...alert, recipients: ["ben@example.org"] })
  })
})
