import type { RetentionPlan, RetentionRow, RetentionRows } from "../../ports/analytics/RetentionPlan.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import { readPersonRows } from "./personRows.ts"
import {
  retentionOwnText,
  retentionPeopleText,
  retentionReturnsText,
  retentionRowsText,
  retentionStartsText
} from "./retentionText.ts"

export const answerRetention = async (read: Read, plan: RetentionPlan): Promise<RetentionRows> => {
  for (const text of [retentionStartsText, retentionReturnsText, retentionOwnText]) await read(text(plan))
  const rows = await read(retentionRowsText(plan))
  const { uncertain } = plan
  const people =
    uncertain === undefined ? undefined : await readPersonRows(read, retentionPeopleText(plan, uncertain), ["one"])
  return {
    rows: rows.map((row) => rowOf(plan, row)),
    ...(people === undefined ? {} : { people }),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const rowOf = (plan: RetentionPlan, row: Row): RetentionRow => {
  const cohort = Number(row["cohort"])
  const behind = Array.from({ length: plan.bucketCount - cohort }, (_, ahead) => ahead)
  return {
    cohort,
    people: Number(row["people"]),
    returned: behind.map((ahead) => Number(row[`on${ahead}`])),
    returnedSince: behind.map((ahead) => Number(row[`since${ahead}`]))
  }
}
