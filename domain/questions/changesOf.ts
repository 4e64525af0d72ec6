import { escaped } from "../../ports/jsonPointer.ts"
import type { AnswerChange } from "../../ports/analytics/AnswerChanges.ts"

/** Says of the state of the data, not of what is in it. */
const passedOver = new Set(["watermark"])

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null

const differenceOf = (before: unknown, after: unknown): { readonly difference?: number } =>
  typeof before === "number" && typeof after === "number"
    ? { difference: Number((after - before).toPrecision(12)) }
    : {}

/** Every place in which one JSON value says something else than the other, in the order of the first, then of the second. */
export function* changesOf(before: unknown, after: unknown, pointer = ""): Generator<AnswerChange> {
  if (isNested(before) && isNested(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (passedOver.has(name)) continue
      const of = (value: object) => (value as Readonly<Record<string, unknown>>)[name]
      yield* changesOf(of(before), of(after), `${pointer}/${escaped(name)}`)
    }
  } else if (isNested(before) || isNested(after) || before !== after) {
    yield {
      pointer,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...differenceOf(before, after)
    }
  }
}
