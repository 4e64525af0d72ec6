import { assert, describe, it } from "@effect/vitest"
import { instanceOf } from "./instance.ts"

describe("the address that a problem names", () => {
  it("holds no key, wherever clients put one", () => {
    const key = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
    assert.deepStrictEqual(
      [
        `/api/features/${key}`,
        `/api/features/${key}/?x=1`,
        `/api/eval/${key}`,
        `/sub/${key}/more`,
        `/api/%66eatures/${key}`,
        `/%61%70i%2Ffeatures%2f${key}`,
        `/v1/%66lags?key=${key}`,
        "/api/features/",
        "/platform/keys/7"
      ].map(instanceOf),
      [
        "/api/features/***",
        "/api/features/***",
        "/api/eval/***",
        "/sub/***",
        "/api/features/***",
        "/api/features/***",
        "/v1/%66lags",
        "/api/features/",
        "/platform/keys/7"
      ]
    )
  })
})
