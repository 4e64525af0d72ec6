import { assert, describe, it } from "vitest"
import { mayStand, sentToken } from "./sentToken.ts"

const request = (url: string, authorization?: string) => ({
  url,
  headers: (authorization === undefined ? {} : { authorization }) as never
})

describe("the token of a request", () => {
  it("stands behind Bearer, in any case and with any space, or as ?key= where there is no header", () => {
    assert.deepStrictEqual(sentToken(request("/a", "Bearer x.y.z")), { token: "x.y.z", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a", "bearer   x.y.z")), { token: "x.y.z", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a?key=q", "Bearer h")), { token: "h", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a?b=1&key=q")), { token: "q", place: "query" })
    assert.isUndefined(sentToken(request("/a")))
  })

  it("is none without a scheme, but where clients send it so", () => {
    assert.deepStrictEqual(sentToken(request("/a", "x.y.z")), { token: "", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a", "x.y.z"), "authorization"), { token: "x.y.z", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a", "Bearer x"), "authorization"), { token: "x", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a", "Basic x"), "authorization"), { token: "", place: "header" })
    assert.deepStrictEqual(sentToken(request("/a?key=q"), "authorization"), { token: "q", place: "query" })
  })

  it("is the last part of the path where clients put it there, whatever else is sent", () => {
    for (const url of ["/api/features/x.y.z", "/api/features/x.y.z/", "/api/features/x.y.z?a=b/c", "/sub/x%2Ey.z"]) {
      assert.deepStrictEqual(sentToken(request(url, "Bearer h"), "path"), { token: "x.y.z", place: "path" }, url)
    }
    assert.deepStrictEqual(sentToken(request("/sub/%zz"), "path"), { token: "%zz", place: "path" })
  })

  it("may stand in a query string where it is a browser's, in a path also where it is bound to an environment", () => {
    const may = (place: "header" | "query" | "path", kind: "secret" | "browser", environment?: string) =>
      mayStand({ token: "", place }, { kind, environment })
    for (const environment of [undefined, "staging"]) {
      assert.isTrue(may("header", "secret", environment))
      assert.isFalse(may("query", "secret", environment))
      for (const place of ["header", "query", "path"] as const) assert.isTrue(may(place, "browser", environment))
    }
    assert.isFalse(may("path", "secret"))
    assert.isTrue(may("path", "secret", "staging"))
  })
})
