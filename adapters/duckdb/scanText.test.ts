import { expect, it } from "vitest"
import type { ScanRequest } from "../../ports/analytics/EventStore.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { placeOfText, placesText, scanText } from "./scanText.ts"

const place = (time: number) => ({
  time,
  received_at: 1_800_000_000_000_000,
  index: 2,
  event_id: "00000000-0000-4000-8000-000000000001"
})

const request: ScanRequest = {
  workspace: WorkspaceId.make("default"),
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  filter: { kind: "is", field: { kind: "column", column: "event_type" }, value: "page_view" },
  after: place(2_000_000)
}

it("builds the text of events in arrival order as it is kept", async () => {
  const texts = [
    placesText({ ...request, after: undefined, every: 250, count: 80 }),
    placesText({ ...request, every: 250, count: 80 }),
    scanText({ ...request, through: place(2_500_000), columns: ["event_id", "time", "properties"] }),
    placeOfText("default", place(0).event_id)
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/scan.sql")
})
