import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { simpleParser } from "mailparser"
import { assert, describe, it } from "vitest"
import { startMailServer } from "./MailServer.ts"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const settled = async (server: ServerProcess, token: string, path: string) => {
  const deadline = Date.now() + 30_000
  for (;;) {
    const { body } = await ask(server, "GET", path, { token })
    if (!["waiting", "sending"].includes(String(body["status"])) || Date.now() > deadline) return body
    await new Promise((done) => setTimeout(done, 100))
  }
}
const queue = async (server: ServerProcess, token: string, to: string) => {
  const made = await ask(server, "POST", "/platform/emails/test", { token, body: { to } })
  assert.strictEqual(made.status, 201, JSON.stringify(made.body))
  return made.headers.get("location")!
}

describe("mail", () => {
  it("goes into a folder of the data folder where no server is configured", async () => {
    const server = await startServer()
    const token = tokenFor(server.folder)
    try {
      const path = await queue(server, token, "anna@example.org")
      const sent = await settled(server, token, path)
      assert.deepInclude(sent, { status: "accepted", attempts: 1, to: "anna@example.org", purpose: "test" })
      const [file, ...others] = readdirSync(join(server.folder, "mail"))
      assert.lengthOf(others, 0)
      const mail = await simpleParser(readFileSync(join(server.folder, "mail", file!)))
      assert.strictEqual(mail.from?.value[0]?.address, "broxiva@localhost")
      assert.strictEqual(mail.text?.trim(), String(sent["text"]).trim())
      for (const to of ["anna", "anna@", "a@b\r\nBcc: c@d", "Anna <anna@example.org>", ""]) {
        const refused = await ask(server, "POST", "/platform/emails/test", { token, body: { to } })
        assert.strictEqual(refused.status, 400, to)
        assert.deepInclude((refused.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/to" })
      }
      const stranger = tokenFor(server.folder, { workspace: "other" })
      assert.strictEqual((await ask(server, "GET", path, { token: stranger })).status, 404)
      assert.notInclude(server.output(), "anna@example.org")
      const other = await queue(server, token, "ben@example.org")
      const event = eventOf({ user_id: "anna@example.org", event_type: "page_view" })
      await ask(server, "POST", "/analytics/events/batch", { token, body: { events: [event] } })
      await countEvents(server, token, 1)
      const person = `/analytics/persons/${encodeURIComponent("Anna@example.org")}`
      const erased = await ask(server, "POST", `${person}/erase`, { token })
      assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
      assert.deepInclude(
        (erased.body["stores"] as ReadonlyArray<Record<string, unknown>>).find(({ store }) => store === "emails"),
        { removed: 1 }
      )
      assert.strictEqual((await ask(server, "GET", path, { token })).status, 404)
      assert.strictEqual((await ask(server, "GET", other, { token })).status, 200)
    } finally {
      await server.kill("SIGTERM")
    }
  })

  it("goes to a mail server, which says what it refuses", async () => {
    const mails = await startMailServer({ user: "bro@xiva", password: "p:ss/w" })
    const server = await startServer(freshFolder(), { EMAIL: mails.url, EMAIL_FROM: "Reports <r@broxiva.example>" })
    const token = tokenFor(server.folder)
    try {
      const good = await settled(server, token, await queue(server, token, "anna@example.org"))
      assert.deepInclude(good, { status: "accepted", attempts: 1 })
      assert.strictEqual(mails.received[0]?.subject, good["subject"])
      assert.strictEqual(mails.received[0]?.from?.value[0]?.address, "r@broxiva.example")
      assert.strictEqual(mails.received[0]?.messageId, `<${String(good["id"])}@broxiva.example>`)
      const bad = await settled(server, token, await queue(server, token, "nobody@example.org"))
      assert.deepInclude(bad, { status: "refused", attempts: 1 })
      assert.match(String(bad["detail"]), /550|no such user/)
      assert.notInclude(server.output(), "p:ss/w")
    } finally {
      await server.kill("SIGTERM")
      await mails.close()
    }
  })

  it("is refused at the start where its configuration is wrong, and a password is not repeated", async () => {
    const wrong = {
      "EMAIL: must be": { EMAIL: "http://anna:secret@example.org", EMAIL_FROM: "a@b.example" },
      "EMAIL_FROM: missing": { EMAIL: "smtp://anna:secret@example.org" },
      "EMAIL_FROM=": { EMAIL_FROM: "not an address" }
    }
    for (const [said, environment] of Object.entries(wrong)) {
      const server = await spawnServer(freshFolder(), environment)
      assert.strictEqual((await server.ended).code, 1, said)
      assert.include(server.output(), said)
      assert.notInclude(server.output(), "secret")
    }
  })
})
