import { assert, describe, it } from "vitest"
import { modules } from "./modules.ts"
import { scopeNames } from "./ports/platform/ApiKey.ts"

describe("the modules", () => {
  it("ask for scopes that a key can be given, and no others can be given", () => {
    const asked = new Set(modules.flatMap(({ scopes }) => scopes))
    assert.sameMembers(
      scopeNames.filter((name) => !name.endsWith("*")),
      [...asked]
    )
  })
})
