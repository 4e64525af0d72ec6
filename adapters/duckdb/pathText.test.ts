import { expect, it } from "vitest"
import type { PathPlan } from "../../ports/analytics/PathPlan.ts"
import {
  otherText,
  pathColumnsText,
  pathEdgesText,
  pathEventsText,
  pathFirstsText,
  pathGroupsText,
  pathNamesText,
  pathNodesText,
  pathStepsText,
  topText
} from "./pathText.ts"

const plan: PathPlan = {
  kind: "path",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  direction: "forward",
  anchor: { kind: "is", field: { kind: "column", column: "path" }, value: "/pricing" },
  through: { kind: "and", filters: [] },
  steps: 5,
  gapMillis: 1000,
  windowMillis: 5000,
  pages: true,
  groups: ["/blog/*", "/a.b"],
  collapse: true,
  top: 50
}
const backward: PathPlan = { ...plan, direction: "backward", collapse: false, groups: [], pages: false }

it("builds the text of paths as it is kept", async () => {
  const texts = [
    pathNamesText(plan),
    pathColumnsText(plan, { first: 0, end: 256 }),
    pathNamesText(backward),
    pathColumnsText(backward, { first: 0, end: 128 }),
    pathFirstsText(plan),
    pathEventsText(plan),
    pathGroupsText(plan),
    pathStepsText(plan),
    pathEdgesText(plan),
    pathNodesText,
    topText("path_edges", plan),
    otherText("path_edges", "events", plan),
    pathEventsText(backward),
    pathStepsText(backward),
    pathEdgesText(backward)
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/path.sql")
})
