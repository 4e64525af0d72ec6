import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { EmailSender } from "./EmailSender.ts"
import type { EmailMessage } from "./EmailSender.ts"

/** A message as its receiver sees it. */
export interface ReceivedEmail {
  readonly messageId: string
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string | undefined
}

const message: EmailMessage = {
  id: "0198a1b2",
  to: "anna.o'neil+reports@example.org",
  subject: "Umsätze über dem Üblichen: 10 → 25 €",
  text: "Zeile eins\n.\nZeile drei – ein Punkt allein beendet nichts.\n日本語\n",
  html: "<p>Umsätze <b>25 €</b></p>",
  date: 1_764_000_000_000
}

/** The promises of EmailSender, for every adapter. `received` reads what has arrived, in any order. */
export const suite = (
  name: string,
  layer: () => Layer.Layer<EmailSender, PortFailure>,
  received: () => Promise<ReadonlyArray<ReceivedEmail>>
): void => {
  layerOf(layer())(`EmailSender: ${name}`, (it) => {
    it.effect("hands a message over whole: names, umlauts, lone dots, both bodies, a stable Message-ID", () =>
      Effect.gen(function* () {
        const sender = yield* EmailSender
        assert.deepStrictEqual(yield* sender.send(message), { outcome: "accepted" })
        const arrived = yield* Effect.promise(received)
        assert.lengthOf(arrived, 1)
        const [{ from, html, messageId, subject, text, to }] = arrived as [ReceivedEmail]
        assert.match(messageId, /^<0198a1b2@.+>$/)
        assert.strictEqual(from, "reports@broxiva.example")
        assert.deepStrictEqual([to, subject, text.trim()], [message.to, message.subject, message.text.trim()])
        assert.include(html ?? "", "<b>25 €</b>")
      })
    )

    it.effect("makes no header out of a subject's line break", () =>
      Effect.gen(function* () {
        const sender = yield* EmailSender
        yield* sender.send({ ...message, id: "0198a1b3", subject: "One\r\nBcc: everyone@example.org" })
        const second = (yield* Effect.promise(received)).find((each) => each.messageId.includes("0198a1b3"))
        assert.include(second?.subject ?? "", "One")
        assert.include(second?.subject ?? "", "Bcc: everyone@example.org")
      })
    )
  })
}
