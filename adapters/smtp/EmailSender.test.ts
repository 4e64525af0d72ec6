import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { simpleParser } from "mailparser"
import type { ParsedMail } from "mailparser"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { SMTPServer } from "smtp-server"
import type { SMTPServerOptions } from "smtp-server"
import { EmailSender as Port } from "../../ports/email/EmailSender.ts"
import type { EmailMessage } from "../../ports/email/EmailSender.ts"
import * as emailSender from "../../ports/email/EmailSender.suite.ts"
import * as EmailSender from "./EmailSender.ts"

const from = "Broxiva <reports@broxiva.example>"
const message: EmailMessage = { id: "m1", to: "anna@example.org", subject: "s", text: "t", date: 0 }

/** A real mail server on a free port of this machine. */
const listening = (options: SMTPServerOptions) =>
  new Promise<{ readonly url: URL; readonly close: () => void }>((done) => {
    const server = new SMTPServer({ authOptional: true, hideSTARTTLS: true, ...options })
    server.on("error", () => undefined)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.server.address() as AddressInfo
      done({ url: new URL(`smtp://127.0.0.1:${port}`), close: () => server.close() })
    })
  })

const mails: Array<ParsedMail> = []
const receiving = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        listening({
          onData: (stream, _, done) => void simpleParser(stream).then((mail) => (mails.push(mail), done()), done)
        })
      ),
      ({ close }) => Effect.sync(close)
    ),
    ({ url }) => EmailSender.layer({ url, from })
  )
)

emailSender.suite(
  "SMTP",
  () => receiving,
  async () =>
    mails.map(({ from: sender, html, messageId = "", subject = "", text = "", to }) => {
      const addressee = Array.isArray(to) ? to[0] : to
      return {
        messageId,
        from: sender?.value[0]?.address ?? "",
        to: addressee?.value[0]?.address ?? "",
        subject,
        text,
        html: html === false ? undefined : html
      }
    })
)

/** What comes of one message at a server that behaves so. */
const outcomeAt = async (
  options: SMTPServerOptions,
  credentials?: { readonly user: string; readonly password: string }
) => {
  const server = await listening(options)
  if (credentials !== undefined)
    Object.assign(server.url, { username: credentials.user, password: credentials.password })
  try {
    return await outcomeOf(server.url)
  } finally {
    server.close()
  }
}

const outcomeOf = (url: URL) =>
  Effect.flatMap(Port, (sender) => Effect.result(sender.send(message))).pipe(
    Effect.map((result) => (result._tag === "Success" ? result.success : { failed: result.failure.reason })),
    Effect.provide(EmailSender.layer({ url, from })),
    Effect.runPromise
  )

const reply = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code })

describe("a mail server", () => {
  it("that refuses for good is not asked again", async () => {
    const refused = await outcomeAt({ onRcptTo: (_, __, done) => done(reply(550, "no such user")) })
    assert.strictEqual((refused as { outcome: string }).outcome, "refused")
    const tooBig = await outcomeAt({
      onData: (stream, _, done) => void stream.on("end", () => done(reply(552, "too big"))).resume()
    })
    assert.strictEqual((tooBig as { outcome: string }).outcome, "refused")
  })

  it("that refuses for now, or is not there, took nothing", async () => {
    const greylisted = await outcomeAt({ onRcptTo: (_, __, done) => done(reply(451, "later")) })
    assert.deepStrictEqual(greylisted, { failed: "unavailable" })
    const nobody = createServer()
    await new Promise<void>((done) => nobody.listen(0, "127.0.0.1", done))
    const { port } = nobody.address() as AddressInfo
    await new Promise((done) => nobody.close(done))
    assert.deepStrictEqual(await outcomeOf(new URL(`smtp://127.0.0.1:${port}`)), { failed: "unavailable" })
  })

  it("that hangs up after the message was handed over leaves it unknown", async () => {
    const sockets = new Set<{ destroy: () => void }>()
    const server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: true,
      onData: (stream) => void stream.on("end", () => sockets.forEach((socket) => socket.destroy())).resume()
    })
    server.on("error", () => undefined)
    server.server.on("connection", (socket) => sockets.add(socket))
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const { port } = server.server.address() as AddressInfo
    const lost = await outcomeOf(new URL(`smtp://127.0.0.1:${port}`))
    server.close()
    assert.strictEqual((lost as { outcome: string }).outcome, "unknown")
  })

  it("gets the user and password of the address; wrong ones are tried again, as an operator may mend them", async () => {
    const accounts: SMTPServerOptions = {
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ password, username }, _, done) =>
        username === "bro@xiva" && password === "p:ss/w" ? done(null, { user: username }) : done(reply(535, "wrong")),
      onData: (stream, _, done) => void stream.on("end", () => done()).resume()
    }
    const known = { user: encodeURIComponent("bro@xiva"), password: encodeURIComponent("p:ss/w") }
    assert.deepStrictEqual(await outcomeAt(accounts, known), { outcome: "accepted" })
    assert.deepStrictEqual(await outcomeAt(accounts, { ...known, password: "other" }), { failed: "unavailable" })
  })
})
