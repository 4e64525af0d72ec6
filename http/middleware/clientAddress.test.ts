import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { Headers } from "effect/http"
import { addressKey, clientAddress } from "./clientAddress.ts"

const from = (peer: string, forwarded?: string) => ({
  headers: Headers.fromInput(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }),
  remoteAddress: Option.some(peer)
})

describe("clientAddress", () => {
  it("believes no header where no proxy is trusted", () => {
    assert.strictEqual(clientAddress(from("203.0.113.7", "198.51.100.1"), 0), "203.0.113.7")
    assert.strictEqual(clientAddress(from("::ffff:203.0.113.7"), 0), "203.0.113.7")
  })

  it("takes the entry that the outermost trusted proxy wrote, never those before it", () => {
    const forged = "10.0.0.1, 198.51.100.1, 192.0.2.5"
    assert.strictEqual(clientAddress(from("10.0.0.9", forged), 1), "192.0.2.5")
    assert.strictEqual(clientAddress(from("10.0.0.9", forged), 2), "198.51.100.1")
    assert.strictEqual(clientAddress(from("10.0.0.9", "[2001:db8::1]:443"), 1), "2001:db8::1")
    assert.strictEqual(clientAddress(from("10.0.0.9", "192.0.2.5:81"), 1), "192.0.2.5")
  })

  it("falls back to the peer where the request came past the proxies", () => {
    assert.strictEqual(clientAddress(from("10.0.0.9"), 1), "10.0.0.9")
    assert.strictEqual(clientAddress(from("10.0.0.9", "192.0.2.5"), 2), "10.0.0.9")
  })
})

describe("addressKey", () => {
  it("counts IPv6 clients by their /64, however it is written", () => {
    assert.strictEqual(addressKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2")
    assert.strictEqual(addressKey("2001:db8::1"), "2001:db8:0:0")
    assert.strictEqual(addressKey("2001:DB8:0::ffff:1"), "2001:db8:0:0")
    assert.strictEqual(addressKey("fe80::1%eth0"), "fe80:0:0:0")
    assert.strictEqual(addressKey("203.0.113.7"), "203.0.113.7")
    assert.strictEqual(addressKey(undefined), "")
  })
})
