import { assert, describe, it } from "vitest"
import { breakingChanges } from "./breakingChanges.ts"

const document = () => ({
  paths: {
    "/things": {
      post: {
        "x-scope": "things:write",
        parameters: [{ name: "limit", in: "query", required: false, schema: { type: "integer", maximum: 100 } }],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/NewThing" } } } },
        responses: {
          "201": { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
          "400": {}
        }
      }
    }
  },
  components: {
    schemas: {
      NewThing: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", maxLength: 10 } as Record<string, unknown>,
          kind: { type: "string", enum: ["a", "b"] } as Record<string, unknown>,
          parent: { $ref: "#/components/schemas/NewThing" }
        } as Record<string, unknown>
      },
      Thing: {
        type: "object",
        required: ["id", "state"],
        properties: {
          id: { type: "string" } as Record<string, unknown>,
          state: { type: "string", enum: ["on", "off"] } as Record<string, unknown>
        } as Record<string, unknown>
      }
    }
  }
})
type Document = ReturnType<typeof document>
const after = (change: (document: Document) => void) => {
  const changed = document()
  change(changed)
  return breakingChanges(document(), changed)
}
const things = ({ components }: Document) => components.schemas

describe("a change of the contract", () => {
  const breaks: ReadonlyArray<readonly [name: string, change: (document: Document) => void, said: string]> = [
    ["a path that is gone", (d) => void Reflect.deleteProperty(d.paths, "/things"), "POST /things is gone"],
    [
      "an answer that is gone",
      (d) => void Reflect.deleteProperty(d.paths["/things"].post.responses, "201"),
      "201 is gone"
    ],
    ["a parameter that is gone", (d) => void d.paths["/things"].post.parameters.pop(), "limit is gone"],
    [
      "a parameter that is required now",
      (d) => void (d.paths["/things"].post.parameters[0]!.required = true),
      "limit is required now"
    ],
    [
      "a parameter with a smaller range",
      (d) => void (d.paths["/things"].post.parameters[0]!.schema.maximum = 50),
      "maximum is 50 now"
    ],
    ["another scope", (d) => void (d.paths["/things"].post["x-scope"] = "other"), "scope things:write is other"],
    [
      "a new required field of a request",
      (d) => void things(d).NewThing.required.push("kind"),
      ".kind is required now"
    ],
    [
      "a field of a request that is gone",
      (d) => void Reflect.deleteProperty(things(d).NewThing.properties, "kind"),
      ".kind is gone"
    ],
    [
      "a shorter text",
      (d) => void ((things(d).NewThing.properties["name"] as { maxLength: number }).maxLength = 5),
      "maxLength is 5"
    ],
    [
      "a value that is not taken any more",
      (d) => void (things(d).NewThing.properties["kind"] = { type: "string", enum: ["a"] }),
      "b is not taken"
    ],
    [
      "a pattern",
      (d) => void (things(d).NewThing.properties["name"] = { type: "string", maxLength: 10, pattern: "x" }),
      "pattern"
    ],
    [
      "another type of a request",
      (d) => void (things(d).NewThing.properties["name"] = { type: "integer" }),
      "type string is integer"
    ],
    [
      "another type of an answer",
      (d) => void (things(d).Thing.properties["id"] = { type: "integer" }),
      "type string is integer"
    ],
    [
      "a field of an answer that is gone",
      (d) => void Reflect.deleteProperty(things(d).Thing.properties, "id"),
      ".id is gone"
    ],
    ["a field of an answer that may be missing", (d) => void things(d).Thing.required.pop(), ".state is optional now"],
    [
      "a new value of an answer",
      (d) => void (things(d).Thing.properties["state"] = { type: "string", enum: ["on", "off", "x"] }),
      "may be x now"
    ]
  ]
  for (const [name, change, said] of breaks) {
    it(`is a break: ${name}`, () => {
      const found = after(change)
      assert.isAbove(found.length, 0)
      assert.include(found.join("\n"), said)
    })
  }

  const fits: ReadonlyArray<readonly [name: string, change: (document: Document) => void]> = [
    ["nothing", () => {}],
    ["a new path", (d) => void Object.assign(d.paths, { "/more": { get: { responses: {} } } })],
    ["a new optional field of a request", (d) => void (things(d).NewThing.properties["more"] = { type: "string" })],
    ["a longer text", (d) => void (things(d).NewThing.properties["name"] = { type: "string", maxLength: 20 })],
    [
      "a new value of a request",
      (d) => void (things(d).NewThing.properties["kind"] = { type: "string", enum: ["a", "b", "c"] })
    ],
    ["a new field of an answer", (d) => void (things(d).Thing.properties["more"] = { type: "string" })],
    [
      "a field of an answer that is always there",
      (d) => void (things(d).Thing.properties["more"] = { type: "string" })
    ],
    [
      "a value that answers do not give any more",
      (d) => void (things(d).Thing.properties["state"] = { type: "string", enum: ["on"] })
    ]
  ]
  for (const [name, change] of fits) {
    it(`is none: ${name}`, () => {
      assert.deepStrictEqual(after(change), [])
    })
  }
})
