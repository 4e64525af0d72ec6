import { Ajv2020 } from "ajv/dist/2020.js"
import { OpenApi } from "effect/http-api"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "vitest"
import { DocumentedApi, operations } from "./Api.ts"
import { breakingChanges } from "./breakingChanges.ts"

type Json = Readonly<Record<string, unknown>>
const golden = (name: string) => join(import.meta.dirname, "golden", name)
const document = JSON.parse(JSON.stringify(OpenApi.fromApi(DocumentedApi))) as Json
const paths = document["paths"] as Record<string, Record<string, Json>>
const described = operations.map((operation) => ({
  ...operation,
  name: `${operation.method} ${operation.path}`,
  spec: paths[operation.path]![operation.method.toLowerCase()]!
}))

const references = (value: unknown): ReadonlyArray<string> => {
  if (typeof value !== "object" || value === null) return []
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : []
  return [...own, ...Object.values(value).flatMap(references)]
}
const at = (reference: string): unknown =>
  reference
    .slice(2)
    .split("/")
    .reduce<unknown>((value, name) => (value as Json | undefined)?.[name.replaceAll("~1", "/")], document)

describe("the OpenAPI document", () => {
  it("is version 3.1 and names nothing that it does not hold", () => {
    assert.match(String(document["openapi"]), /^3\.1\./)
    for (const reference of references(document)) assert.isDefined(at(reference), reference)
  })

  it("describes every endpoint: summary, scope, class, security, answers of success and failure", () => {
    assert.strictEqual(described.length, Object.values(paths).flatMap((methods) => Object.keys(methods)).length)
    for (const { name, rules, spec } of described) {
      assert.isAbove(String(spec["summary"] ?? "").length, 10, name)
      assert.strictEqual(spec["x-scope"], rules.scope ?? null, name)
      assert.strictEqual(spec["x-rate-class"], rules.scope === undefined ? null : rules.rate_class, name)
      assert.strictEqual(
        (spec["security"] as ReadonlyArray<unknown>).length > 0,
        rules.scope !== undefined && rules.clientKey !== "path",
        name
      )
      const statuses = Object.keys(spec["responses"] as Json)
      assert.isTrue(
        statuses.some((status) => /^[12]/.test(status)),
        name
      )
      assert.includeMembers(statuses, ["400", "500", "503", "default"], name)
    }
  })

  it("gives an example of every body, which its own schema takes", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ ...document, $id: "document" })
    for (const { name, spec } of described) {
      if (spec["requestBody"] === undefined) continue
      const content = (
        spec["requestBody"] as { content: Record<string, { schema: { $ref?: string }; example?: unknown }> }
      ).content["application/json"]!
      assert.isDefined(content.example, `${name}: annotate the payload's schema with examples`)
      const validate = ajv.compile({ $ref: `document${content.schema.$ref}` })
      assert.isTrue(validate(content.example), `${name}: ${JSON.stringify(validate.errors)}`)
    }
  })

  it("takes an Idempotency-Key where it makes something, and If-Match where it changes something", () => {
    for (const { method, name, rules, spec } of described) {
      const parameters = spec["parameters"] as ReadonlyArray<{ name: string; required: boolean }>
      const of = (parameter: string) => parameters.find((each) => each.name === parameter)
      assert.strictEqual(of("Idempotency-Key") !== undefined, rules.idempotent, name)
      assert.strictEqual(of("If-Match")?.required, { PUT: true, PATCH: true, DELETE: false }[method], name)
    }
  })

  it("makes with POST by Idempotency-Key, so that 201 is never answered twice for one request", () => {
    for (const { method, name, rules, spec } of described) {
      const makes = method === "POST" && "201" in (spec["responses"] as Json)
      assert.strictEqual(rules.idempotent, makes, name)
    }
  })
})

describe("the contract", () => {
  it("takes nothing away from those who were written for it", () => {
    const accepted = JSON.parse(readFileSync(golden("openapi.json"), "utf8")) as Json
    assert.deepStrictEqual(
      breakingChanges(accepted, document),
      [],
      "a breaking change: where it is meant, accept it with `npm run contract:accept`"
    )
  })

  it("is the accepted one: `npm run contract:accept` writes it anew", async () => {
    await expect(`${JSON.stringify(document, null, 1)}\n`).toMatchFileSnapshot(golden("openapi.json"))
  })

  it("has the accepted endpoints, each with its rules", async () => {
    const lines = described.map(({ method, path, rules }) =>
      [
        method.padEnd(6),
        path.padEnd(44),
        (rules.scope ?? "public").padEnd(15),
        rules.rate_class.padEnd(8),
        rules.idempotent ? "idempotent" : "-".padEnd(10),
        rules.audited ? "audited" : "-"
      ].join(" ")
    )
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(golden("endpoints.txt"))
  })
})
