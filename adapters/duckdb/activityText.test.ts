import { expect, it } from "vitest"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { lifecyclePatternsText, lifecycleRowsText, stickinessText } from "./activityText.ts"

const filter: PlanFilter = { kind: "is", field: { kind: "column", column: "event_type" }, value: "page_view" }
const of = { workspace: "default", revisions: "", fromMillis: 1_000_000, toMillis: 4_000_000, filter }
const buckets = [
  { fromMillis: 1_000_000, first: 0, widthMillis: 1_000_000 },
  { fromMillis: 3_000_000, first: 2, widthMillis: 900_000 }
]

it("builds the text of stickiness as it is kept", async () => {
  const text = stickinessText({ ...of, kind: "stickiness", buckets, bucketCount: 3 })
  await expect(`${text};\n`).toMatchFileSnapshot("golden/stickiness.sql")
})

it("builds the text of lifecycles as it is kept", async () => {
  const plan = { ...of, kind: "lifecycle", buckets, bucketCount: 3 } as const
  const texts = [
    lifecyclePatternsText(plan),
    lifecycleRowsText(plan),
    lifecyclePatternsText({ ...plan, bucketCount: 100 })
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/lifecycle.sql")
})
