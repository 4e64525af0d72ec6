import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { exportJWK, generateKeyPair } from "jose"
import { mkdtempSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { keysCooldownMillis, keySetBytesMax, keysMax, keysRefreshMillis } from "../../ports/platform/TokenKeys.ts"
import type { TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import { suite } from "../../ports/platform/TokenKeys.suite.ts"
import { readKeySet } from "./keySet.ts"
import { issuer } from "./TokenKeys.ts"

const makeKey = async (kid: string, alg = "ES256") => {
  const { publicKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(publicKey)), kid, alg }
}
const [one, two] = [await makeKey("one"), await makeKey("two")]
const names = { issuer: "https://login.example", audience: "broxiva" }

/** What the source says, and how often it was asked. */
interface Source {
  body: string
  status: number
  asked: number
  readonly url: string
}

const source = Effect.acquireRelease(
  Effect.promise(
    () =>
      new Promise<Source & { readonly close: () => void }>((done) => {
        const state = { body: JSON.stringify({ keys: [one] }), status: 200, asked: 0 }
        const server = createServer((request, response) => {
          state.asked += 1
          if (request.url === "/moved") response.writeHead(302, { location: "/" }).end()
          else response.writeHead(state.status, { "content-type": "application/json" }).end(state.body)
        })
        server.listen(0, "127.0.0.1", () => {
          const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
          done(Object.assign(state, { url, close: () => void server.close() }))
        })
      })
  ),
  (opened) => Effect.sync(() => opened.close())
)

const keyFile = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), "jwks-")), "keys.json")
  writeFileSync(file, text)
  return file
}

suite("JWKS at a URL", () => Effect.flatMap(source, ({ url }) => issuer({ source: url, ...names })))
suite("JWKS in a file", () => issuer({ source: keyFile(JSON.stringify({ keys: [one] })), ...names }))

const kids = ({ current }: TrustedIssuer) => {
  const set = current()
  return set?.kind === "public" ? set.keys.map((key) => key.kid) : undefined
}
/** Real sockets under the clock of the test: waits until the source was asked again and its answer was taken. */
const settled = (isSettled: () => boolean) =>
  Effect.promise(async () => {
    while (!isSettled()) await new Promise((done) => setImmediate(done))
  })
const quiet = Effect.provide(Logger.layer([]))

describe("JWKS at a URL", () => {
  it.effect("follows a rotation by itself, and drops the key that left", () =>
    Effect.gen(function* () {
      const served = yield* source
      const keys = yield* issuer({ source: served.url, ...names })
      const before = keys.current()
      served.body = JSON.stringify({ keys: [two] })
      yield* TestClock.adjust(keysRefreshMillis)
      yield* settled(() => keys.current() !== before)
      assert.deepStrictEqual(kids(keys), ["two"])
    })
  )

  it.effect("asks for an unknown key at once, but not again within the cool-down", () =>
    Effect.gen(function* () {
      const served = yield* source
      const keys = yield* issuer({ source: served.url, ...names })
      served.body = JSON.stringify({ keys: [one, two] })
      yield* keys.refresh
      assert.deepStrictEqual([kids(keys), served.asked], [["one"], 1])
      yield* TestClock.adjust(keysCooldownMillis)
      yield* Effect.all([keys.refresh, keys.refresh, keys.refresh], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        [kids(keys), served.asked],
        [["one", "two"], 2],
        "three that wait for one another ask once"
      )
    })
  )

  it.effect("keeps the last good set while the source is away, wrong or too large", () =>
    Effect.gen(function* () {
      const served = yield* source
      const keys = yield* issuer({ source: served.url, ...names })
      const before = keys.current()
      for (const [status, body] of [
        [503, ""],
        [200, "<html>"],
        [200, '{"keys":{}}'],
        [200, JSON.stringify({ keys: [two], padding: "x".repeat(keySetBytesMax) })]
      ] as const) {
        Object.assign(served, { status, body })
        yield* TestClock.adjust(keysCooldownMillis)
        assert.strictEqual(yield* keys.refresh, before)
      }
      assert.strictEqual(served.asked, 5)
    }).pipe(quiet)
  )

  it.effect("starts without its source, fails until it was there once, and never follows a redirect", () =>
    Effect.gen(function* () {
      const served = yield* source
      const keys = yield* issuer({ source: `${served.url}moved`, ...names })
      assert.isUndefined(keys.current())
      assert.deepInclude(yield* Effect.flip(keys.refresh), { _tag: "PortFailure", reason: "unavailable" })
      served.status = 500
      const late = yield* issuer({ source: served.url, ...names })
      served.status = 200
      yield* TestClock.adjust(keysCooldownMillis)
      yield* late.refresh
      assert.deepStrictEqual(kids(late), ["one"])
    }).pipe(quiet)
  )
})

describe("JWKS in a file", () => {
  it.effect("takes up a changed file", () =>
    Effect.gen(function* () {
      const file = keyFile(JSON.stringify({ keys: [one] }))
      const keys = yield* issuer({ source: file, ...names })
      writeFileSync(file, JSON.stringify({ keys: [two] }))
      yield* TestClock.adjust(keysCooldownMillis)
      yield* keys.refresh
      assert.deepStrictEqual(kids(keys), ["two"])
    })
  )

  it.effect("does not start without its file, or with one that is no key set", () =>
    Effect.gen(function* () {
      for (const file of ["/nowhere/keys.json", keyFile("{}"), keyFile("x".repeat(keySetBytesMax + 1))]) {
        assert.include((yield* Effect.flip(issuer({ source: file, ...names }))).detail, file)
      }
    })
  )
})

describe("readKeySet", () => {
  const algorithms = (...keys: ReadonlyArray<unknown>) =>
    readKeySet(JSON.stringify({ keys }))?.map(({ alg, kid }) => `${kid}:${alg}`)
  const rsa = { kty: "RSA", e: "AQAB", n: "x".repeat(342) }

  it("binds each key to one algorithm of its type", () => {
    const ed25519 = { kty: "OKP", crv: "Ed25519", x: "x" }
    assert.deepStrictEqual(
      algorithms(
        { ...rsa, kid: "a" },
        { ...rsa, kid: "b", alg: "PS256" },
        { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "c" },
        { ...ed25519, kid: "d" },
        { ...ed25519, kid: "e", alg: "Ed25519" }
      ),
      ["a:RS256", "b:PS256", "c:ES256", "d:EdDSA", "e:EdDSA"]
    )
  })

  it("leaves out what proves nothing here", () => {
    assert.deepStrictEqual(
      algorithms(
        { ...rsa, alg: "ES256" },
        { ...rsa, alg: "RS512" },
        { ...rsa, alg: "none" },
        { ...rsa, use: "enc" },
        { ...rsa, key_ops: ["encrypt"] },
        { ...rsa, n: "x".repeat(171) },
        { kty: "oct", k: "c2VjcmV0", alg: "HS256" },
        { kty: "EC", crv: "P-521", x: "x", y: "y" }
      ),
      []
    )
  })

  it("forgets private members", () => {
    const [key] = readKeySet(JSON.stringify({ keys: [{ ...rsa, d: "secret", p: "secret", kid: "a" }] }))!
    assert.deepStrictEqual(Object.keys(key!).toSorted(), ["alg", "e", "kid", "kty", "n"])
  })

  it("refuses more keys than its limit", () => {
    assert.isUndefined(readKeySet(JSON.stringify({ keys: Array.from({ length: keysMax + 1 }, () => rsa) })))
  })
})
