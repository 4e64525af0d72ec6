import { createHash } from "node:crypto"
import type { Question } from "../../ports/analytics/Question.ts"
import type { PlannedQuestion } from "./planQuestion.ts"

const bigintAsText = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value)

/** SHA-256 over all that decides an answer but the events, hex. */
export const hashQuestion = (workspace: string, planned: PlannedQuestion, question: Question): string =>
  createHash("sha256")
    .update(
      JSON.stringify([workspace, planned.zone, planned.currency, question.compare ?? null, planned.plan], bigintAsText)
    )
    .digest("hex")
    .slice(0, 32)
