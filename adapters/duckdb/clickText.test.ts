import { expect, it } from "vitest"
import type { ClickPlan } from "../../ports/analytics/ClickPlan.ts"
import { rageClicksText, rageElementsText, rageTotalsText } from "./clickText.ts"

const plan: ClickPlan = {
  kind: "click",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  filter: { kind: "is", field: { kind: "column", column: "path" }, value: "/pricing" },
  device: "mobile",
  top: 50,
  order: "dead"
}

it("builds the text of clicks as it is kept", async () => {
  const texts = [rageClicksText(plan), rageElementsText(plan), rageTotalsText]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/click.sql")
})
