import { expect, it } from "vitest"
import type { VitalPlan } from "../../ports/analytics/VitalPlan.ts"
import { listedPagesText, vitalPagesText, vitalRowsText, vitalSamplesText, vitalTotalsText } from "./vitalText.ts"

const plan: VitalPlan = {
  kind: "vital",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  filter: { kind: "and", filters: [] },
  device: undefined,
  top: 50
}

it("builds the text of web vitals as it is kept", async () => {
  const texts = [vitalSamplesText(plan), vitalPagesText(plan), listedPagesText, vitalTotalsText, vitalRowsText]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/vital.sql")
})
