import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { checkSchema } from "./checkSchema.ts"
import { validate } from "./validate.ts"

/** Parsed as it is: an import would take `__proto__` for the prototype. */
const published = JSON.parse(readFileSync(new URL("published/draft2020-12.json", import.meta.url), "utf8")) as {
  readonly groups: ReadonlyArray<{
    readonly file: string
    readonly description: string
    readonly schema: unknown
    readonly tests: ReadonlyArray<readonly [description: string, data: unknown, valid: boolean]>
  }>
}

const mistakesOf = (schema: unknown) => {
  const checked = checkSchema(schema)
  return "mistakes" in checked ? checked.mistakes.map(({ code, pointer }) => `${pointer} ${code}`) : []
}
const found = (schema: unknown, value: unknown) => {
  const checked = checkSchema(schema)
  if ("mistakes" in checked) assert.fail(JSON.stringify(checked.mistakes))
  return validate(checked, value).map(({ code, pointer }) => `${pointer} ${code}`)
}

describe("a value by its schema", () => {
  it("is right or wrong as the published tests say, of every schema that is not refused", () => {
    const refused = new Map<string, number>()
    let compared = 0
    for (const { description, file, schema, tests } of published.groups) {
      const checked = checkSchema(schema)
      if ("mistakes" in checked) {
        refused.set(file, (refused.get(file) ?? 0) + 1)
        continue
      }
      for (const [name, data, valid] of tests) {
        compared += 1
        assert.strictEqual(validate(checked, data).length === 0, valid, `${file}: ${description}: ${name}`)
      }
    }
    assert.strictEqual(compared, 1168)
    // References out of the document or to what is no schema, dynamic ones, names within names, other vocabularies.
    assert.deepStrictEqual(Object.fromEntries(refused), {
      anchor: 3,
      defs: 1,
      dynamicRef: 21,
      pattern: 1,
      patternProperties: 1,
      ref: 16,
      refRemote: 15,
      unevaluatedItems: 1,
      unevaluatedProperties: 1,
      vocabulary: 2
    })
  })

  it("is told the place of each mistake", () => {
    const schema = {
      type: "object",
      required: ["colour", "size"],
      additionalProperties: false,
      properties: {
        colour: { enum: ["red", "green"] },
        size: { type: "integer", minimum: 1, maximum: 9 },
        tags: { type: "array", items: { type: "string", pattern: "^[a-z]+$" }, uniqueItems: true }
      }
    }
    assert.deepStrictEqual(found(schema, { colour: "red", size: 3, tags: ["a", "b"] }), [])
    assert.deepStrictEqual(found(schema, { colour: "blue", size: 0.5, tags: ["a", "B", "a"], "a/b": 1 }), [
      "/colour enum",
      "/size type",
      "/size minimum",
      "/tags uniqueItems",
      "/tags/1 pattern",
      "/a~1b false"
    ])
    assert.deepStrictEqual(found(schema, {}), ["/colour required", "/size required"])
    assert.deepStrictEqual(found({ anyOf: [{ type: "string" }, { minimum: 3 }] }, 2), [" anyOf"])
  })

  it("ends in time, whatever the schema leads to and whatever its patterns are", () => {
    assert.deepStrictEqual(found({ $ref: "#" }, 1), [" too_costly"])
    const doubling = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `d${at}`,
        { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] }
      ])
    )
    const explosive = { $defs: { ...doubling, d30: { type: "string" } }, $ref: "#/$defs/d0" }
    const [from, text] = [process.cpuUsage().user, "a".repeat(50_000)]
    assert.deepStrictEqual(found(explosive, "x"), [" too_costly"])
    assert.deepStrictEqual(found({ pattern: "^(a+)+$" }, `${text}b`), [" pattern"])
    assert.deepStrictEqual(found({ pattern: "a*b" }, text), [" pattern"])
    assert.deepStrictEqual(
      found(
        { uniqueItems: true },
        Array.from({ length: 100_000 }, (_, at) => at)
      ),
      []
    )
    assert.isBelow(process.cpuUsage().user - from, 3_000_000)
    // A step is paid for what grows with the schema and with the value: none of these is a step alone.
    const [numbers, words] = [
      Array.from({ length: 10_000 }, (_, at) => at),
      Array.from({ length: 5000 }, (_, at) => `word ${at}`)
    ]
    const named = Object.fromEntries(numbers.map((at) => [`name${at}`, at]))
    const byPattern = Object.fromEntries(numbers.slice(0, 700).map((at) => [`x${at}$`, true]))
    const often = Array.from({ length: 900 }, () => true)
    const heavy: ReadonlyArray<readonly [schema: unknown, value: unknown, mistakes: ReadonlyArray<string>]> = [
      [{ items: { enum: words } }, numbers.map(() => "word 0"), []],
      [{ patternProperties: byPattern }, named, [" too_costly"]],
      [{ items: { pattern: "(?:a?){1000}b" } }, numbers.map(() => "a".repeat(100)), [" too_costly"]],
      [{ allOf: often.map(() => ({ uniqueItems: true })) }, numbers, [" too_costly"]],
      [{ allOf: often.map(() => ({ const: 1 })) }, named, [" too_costly"]],
      [{ allOf: often.map(() => ({ minLength: 1 })) }, text.repeat(10), [" too_costly"]],
      [{ allOf: often.map(() => ({ additionalProperties: true })) }, named, [" too_costly"]],
      [{ items: { required: words } }, numbers.map(() => ({})), [" too_costly"]]
    ]
    for (const [schema, value, mistakes] of heavy) {
      const began = process.cpuUsage().user
      assert.deepStrictEqual(found(schema, value), mistakes)
      // A tenth of a second and less where it was measured.
      assert.isBelow(process.cpuUsage().user - began, 500_000, JSON.stringify(schema).slice(0, 100))
    }
    // A schema that refers to itself where values get smaller is of use.
    const tree = {
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#" } }, name: { type: "string" } }
    }
    assert.deepStrictEqual(found(tree, { name: "a", children: [{ children: [{ name: 1 }] }] }), [
      "/children/0/children/0/name type"
    ])
  })
})

describe("a schema", () => {
  it("is refused where it would check nothing, or something else than it says", () => {
    assert.deepStrictEqual(
      mistakesOf({
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "int",
        requird: ["a"],
        properties: { a: { minLength: -1, pattern: "(" }, b: 7, c: { $id: "c" } },
        items: [{}],
        anyOf: [],
        allOf: [{ $ref: "https://elsewhere.example/schema" }, { $ref: "#/$defs/gone" }, { $ref: "#gone" }]
      }),
      [
        "/$schema wrong_operand",
        "/type wrong_operand",
        "/requird unknown_keyword",
        "/properties/a/minLength wrong_operand",
        "/properties/a/pattern bad_pattern",
        "/properties/b wrong_operand",
        "/properties/c/$id not_supported",
        "/items wrong_operand",
        "/anyOf wrong_operand",
        "/allOf/0/$ref wrong_operand",
        "/allOf/1/$ref unknown_reference",
        "/allOf/2/$ref unknown_reference"
      ]
    )
    let deep: object = {}
    for (let level = 0; level < 40; level += 1) deep = { not: deep }
    assert.include(mistakesOf(deep)[0], "too_deep")
    assert.deepStrictEqual(mistakesOf({ description: "x".repeat(70_000) }), [" too_large"])
    assert.deepStrictEqual(mistakesOf({ prefixItems: Array.from({ length: 1001 }, () => ({})) }), [" too_many"])
    assert.deepStrictEqual(
      mistakesOf({ anyOf: Array.from({ length: 900 }, (_, at) => ({ pattern: `(?:a?){1000}(?:b?){1000}${at}` })) }),
      ["/anyOf/4/pattern bad_pattern"]
    )
    assert.deepStrictEqual(mistakesOf("string"), [" wrong_operand"])
  })
})
