import { expect, it } from "vitest"
import type { PlanCohort, PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { chosenPeopleText, peoplePageText } from "./chosenPeopleText.ts"
import { cohortText, membersText } from "./cohortText.ts"
import { filterText } from "./conditionText.ts"

const typeIs = (value: string): PlanFilter => ({ kind: "is", field: { kind: "column", column: "event_type" }, value })
const list: PlanCohort = {
  digest: "list",
  beforeMillis: undefined,
  rule: { kind: "listed", people: ["ada", `o'"neil`], users: ["bob"], devices: ["phone"] }
}
const live: PlanCohort = {
  digest: "live",
  beforeMillis: 9_000_000,
  rule: {
    kind: "and",
    rules: [
      {
        kind: "did",
        selection: typeIs("order_completed"),
        period: { kind: "within", millis: 1_000_000 },
        atLeast: 2,
        atMost: 5
      },
      {
        kind: "or",
        rules: [
          {
            kind: "first_time",
            selection: typeIs("user_signed_up"),
            period: { kind: "between", fromMillis: 1_000_000, toMillis: 2_000_000 }
          },
          {
            kind: "in_sequence",
            steps: [typeIs("product_viewed"), typeIs("order_completed")],
            windowMillis: 500_000,
            period: { kind: "ever" }
          },
          {
            kind: "trait",
            filter: {
              kind: "is",
              field: { kind: "trait", name: "plan", asOf: "today", beforeMillis: 9_000_000 },
              value: "gold"
            }
          }
        ]
      },
      { kind: "not", rule: { kind: "member_of", cohort: list } }
    ]
  }
}

it("builds the text of cohorts and of lists of people as it is kept", async () => {
  const texts = [
    cohortText("default", list, 10_000_000),
    cohortText("default", live, 10_000_000),
    filterText({ kind: "not", filter: { kind: "member_of", cohort: live } }),
    chosenPeopleText(membersText(live)),
    peoplePageText({
      kind: "people",
      workspace: "default",
      revisions: "",
      of: { kind: "cohort", cohort: live },
      after: "12",
      limit: 26
    })
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/cohort.sql")
})
