import { Schema } from "effect"
import { assert, describe, it } from "vitest"
import { BulkEvaluateRequest, bulkKeysMax, contextAttributesMax } from "../ports/experiments/EvaluateRequest.ts"
import { OfrepRequest } from "../ports/experiments/Ofrep.ts"
import { plainValuesOf } from "./plainValues.ts"

const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, at]))

const values: ReadonlyArray<unknown> = [
  {},
  { context: {} },
  { context: { user_id: "u1", nested: { list: [1, null] } }, environment: "production" },
  { context: wide(contextAttributesMax) },
  { context: wide(contextAttributesMax + 1) },
  { context: null },
  { context: [] },
  { context: "u1" },
  { context: {}, environment: "a b" },
  { context: {}, environment: 1 },
  { context: {}, more: 1 },
  { keys: [] },
  { keys: ["a", "b"] },
  { keys: ["a", 1] },
  { keys: ["a:b"] },
  { keys: Array(bulkKeysMax + 1).fill("a") },
  { keys: {} },
  { constructor: {} },
  [],
  null,
  "text",
  1
]

describe("plain values", () => {
  const schemas: Readonly<Record<string, Schema.Top>> = {
    "an evaluation": BulkEvaluateRequest,
    "an evaluation, as JSON": Schema.toCodecJson(BulkEvaluateRequest),
    "OFREP's, as JSON": Schema.toCodecJson(OfrepRequest)
  }
  for (const [title, schema] of Object.entries(schemas)) {
    it(`are those that decoding accepts, and does not change: ${title}`, () => {
      const isPlain = plainValuesOf(schema)
      const decode = Schema.decodeUnknownOption(schema as Schema.Codec<unknown>, { onExcessProperty: "error" })
      assert.isDefined(isPlain)
      for (const value of values) {
        const decoded = decode(value)
        assert.strictEqual(isPlain!(value), decoded._tag === "Some", JSON.stringify(value)?.slice(0, 100))
        if (decoded._tag === "Some") assert.deepStrictEqual(decoded.value, value)
      }
    })
  }

  it("are not told of schemas that change what they decode, or that it does not know", () => {
    const schemas = [
      Schema.Struct({ at: Schema.FiniteFromString }),
      Schema.Struct({ at: Schema.optional(Schema.String) }),
      Schema.Struct({ at: Schema.Union([Schema.String, Schema.Finite]) }),
      Schema.Tuple([Schema.String]),
      Schema.Record(Schema.String, Schema.Date)
    ]
    for (const schema of schemas) assert.isUndefined(plainValuesOf(schema))
  })
})
