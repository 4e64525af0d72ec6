import { Schema } from "effect"
import {
  pictureHeightMax,
  pictureHeightMin,
  pictureHeightUsual,
  pictureWidthMax,
  pictureWidthMin,
  pictureWidthUsual
} from "../../ports/analytics/Picture.ts"
import { watermarkCharactersMax } from "../../ports/analytics/StaleWatermark.ts"

/** `?limit=` of every list: 1 to 100, 25 by default. */
export const Limit = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))
)
export const limitUsual = 25
/** `?cursor=`: the `next` of the page before. */
export const Cursor = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
export const Text = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
export const Flag = Schema.optionalKey(Schema.Literals(["true", "false"]))
/** Filters of the question grammar, as JSON text. */
export const Filters = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(20_000)))
export const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))

const pixels = (minimum: number, maximum: number) =>
  Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum })))
/** Size of the picture that `Accept: image/svg+xml` asks for, in pixels. */
export const pictureParameters = {
  width: pixels(pictureWidthMin, pictureWidthMax),
  height: pixels(pictureHeightMin, pictureHeightMax)
}

/** Of every question: the watermark of an answer from before, whose bytes the same question gives again. */
export const Watermark = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(watermarkCharactersMax)))
/** What every question's answer may be asked for with. */
export const answerParameters = { ...pictureParameters, watermark: Watermark }

/** What parameters are, where the wire's text does not tell; by name, the same on every endpoint. */
export const parameterSchemas: Readonly<Record<string, object>> = {
  limit: { type: "integer", minimum: 1, maximum: 100, default: limitUsual },
  offset: { type: "integer", minimum: 0, default: 0 },
  width: { type: "integer", minimum: pictureWidthMin, maximum: pictureWidthMax, default: pictureWidthUsual },
  height: { type: "integer", minimum: pictureHeightMin, maximum: pictureHeightMax, default: pictureHeightUsual },
  window: { type: "integer", minimum: 1, maximum: 30, default: 5 }
}

/** Values to try an endpoint with; one for each parameter that an endpoint requires. */
export const parameterExamples: Readonly<Record<string, string>> = {
  from: "2026-11-01",
  to: "2026-11-23",
  path: "/pricing"
}

/** Parameters whose text is JSON. */
export const jsonParameters: ReadonlySet<string> = new Set(["filters", "customer", "context"])

/** Rows of `Accept: text/csv`: one for each metric and variant, or also for each day, or value of the dimension. */
export const ResultTable = Schema.optionalKey(Schema.Literals(["comparisons", "series", "breakdown", "decision"]))
