import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { headerBytesMax } from "./middleware/RequestLimits.ts"
import { makeRequestReader, wholeBodyBytesMax } from "./WholeRequest.ts"

const usual = ["POST /events/ingest HTTP/1.1", "Host: x", "Authorization: Bearer a.b.c", "Content-Length: 5"]
const bytesOf = (lines: ReadonlyArray<string>, body = "hello") =>
  Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1")
const read = (bytes: Buffer) => makeRequestReader()(bytes)
const without = (name: string) => usual.filter((line) => !line.startsWith(name))

describe("a request read whole", () => {
  it("has path, fields in lower case, body, and what comes behind it", () => {
    const request = read(bytesOf(usual, "helloPOST"))
    assert.deepStrictEqual(request, {
      path: "/events/ingest",
      headers: { host: "x", authorization: "Bearer a.b.c", "content-length": "5" },
      body: Buffer.from("hello"),
      rest: Buffer.from("POST")
    })
  })

  it("is the same however often its head has come", () => {
    const reader = makeRequestReader()
    const bodies = ["hello", "world"].map((body) => reader(bytesOf(usual, body)))
    assert.deepStrictEqual(
      bodies.map((each) => (typeof each === "string" ? each : each.body.toString())),
      ["hello", "world"]
    )
    assert.strictEqual(reader(bytesOf([...usual, "Expect: 100-continue"])), "unusual")
    assert.isObject(reader(bytesOf(usual)))
  })

  it("is partial until its last byte has come", () => {
    const whole = bytesOf(usual)
    const head = whole.length - 5
    for (let length = head; length < whole.length; length += 1) {
      assert.strictEqual(read(whole.subarray(0, length)), "partial")
    }
    assert.isObject(read(whole))
  })

  for (const [what, lines] of [
    ["another method", ["GET / HTTP/1.1", ...usual.slice(1)]],
    ["another version", ["POST /events/ingest HTTP/1.0", ...usual.slice(1)]],
    ["a whole address", ["POST http://x/events/ingest HTTP/1.1", ...usual.slice(1)]],
    ["a query", ["POST /events/ingest?key=1 HTTP/1.1", ...usual.slice(1)]],
    ["an escaped path", ["POST /events%2Fingest HTTP/1.1", ...usual.slice(1)]],
    ["two spaces", ["POST  /events/ingest HTTP/1.1", ...usual.slice(1)]],
    ["no host", without("Host")],
    ["an empty host", [...without("Host"), "Host: "]],
    ["two hosts", [...usual, "host: y"]],
    ["no length", without("Content-Length")],
    ["two lengths", [...usual, "content-length: 5"]],
    ["a length with a sign", [...without("Content-Length"), "Content-Length: +5"]],
    ["a length with a zero before it", [...without("Content-Length"), "Content-Length: 05"]],
    ["a list of lengths", [...without("Content-Length"), "Content-Length: 5, 5"]],
    ["a long body", [...without("Content-Length"), `Content-Length: ${wholeBodyBytesMax + 1}`]],
    ["chunks", [...usual, "Transfer-Encoding: chunked"]],
    ["chunks and no length", [...without("Content-Length"), "Transfer-Encoding: chunked"]],
    ["an expectation", [...usual, "Expect: 100-continue"]],
    ["an upgrade", [...usual, "Connection: upgrade", "Upgrade: websocket"]],
    ["a connection that closes", [...usual, "Connection: close"]],
    ["a space before the colon", [...usual, "X-A : 1"]],
    ["a folded line", [...usual, "X-A: 1", " 2"]],
    ["a line without a colon", [...usual, "X-A"]],
    ["a NUL", [...usual, "X-A: a\0b"]],
    ["a bare line feed", [...usual, "X-A: a\nX-B: b"]],
    ["a bare carriage return", [...usual, "X-A: a\rX-B: b"]],
    ["a byte that is not ASCII", [...usual, "X-A: é"]],
    ["an empty name", [...usual, ": 1"]],
    ["a field given twice", [...usual, "X-A: 1", "x-a: 2"]],
    ["fields of an object", [...usual, "__proto__: 1"]],
    ["a large head", [...usual, `X-A: ${"a".repeat(headerBytesMax)}`]]
  ] as const) {
    it(`is not of the usual form with ${what}`, () => {
      assert.strictEqual(read(bytesOf(lines)), "unusual")
    })
  }

  it("takes nothing of bytes that are no request, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(120), fc.nat(255), (noise, at, byte) => {
        assert.strictEqual(read(Buffer.from(noise)), "unusual")
        const changed = bytesOf(usual)
        changed[at % changed.length] = byte
        const request = read(changed)
        if (typeof request !== "string") assert.include([5, 0, 1, 2, 3, 4], request.body.length)
      })
    )
  })
})
