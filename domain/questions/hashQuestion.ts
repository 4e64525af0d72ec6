import { createHash } from "node:crypto"
import type { Question } from "../../ports/analytics/Question.ts"
import type { PlannedQuestion } from "./planQuestion.ts"

/** What carries a digest is told by it: a list of many thousand ids need not be read again wherever it is named. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === "bigint"
    ? `${value}n`
    : typeof value === "object" && value !== null && "digest" in value
      ? value.digest
      : value

/** SHA-256 of the value as JSON, its first 128 bits in hex. */
export const hashValue = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value, shortened)).digest("hex").slice(0, 32)

/** Over all that decides an answer but the events. */
export const hashQuestion = (workspace: string, planned: PlannedQuestion, question: Question): string =>
  hashValue([workspace, planned.zone, planned.currency, question.compare ?? null, planned.plan])
