import { Effect, Layer } from "effect"
import { mkdirSync } from "node:fs"
import { open, rename } from "node:fs/promises"
import { join } from "node:path"
import MailComposer from "nodemailer/lib/mail-composer"
import { EmailSender } from "../../ports/email/EmailSender.ts"
import type { EmailMessage } from "../../ports/email/EmailSender.ts"
import { PortFailure } from "../../ports/PortFailure.ts"

/** Mail as files: one `.eml` (RFC 5322) for each message, which any mail program opens. */
export const layer = (options: {
  readonly folder: string
  readonly from: string
}): Layer.Layer<EmailSender, PortFailure> =>
  Layer.effect(
    EmailSender,
    Effect.try({
      try: () => {
        mkdirSync(options.folder, { recursive: true, mode: 0o700 })
        return EmailSender.of({
          send: (message) =>
            Effect.tryPromise({ try: () => drop(options, message), catch: failure("send") }).pipe(
              Effect.as({ outcome: "accepted" as const })
            )
        })
      },
      catch: failure("open")
    })
  )

const failure = (operation: string) => (cause: unknown) =>
  new PortFailure({
    port: "EmailSender",
    operation,
    reason: (cause as NodeJS.ErrnoException).code === "ENOSPC" ? "full" : "unavailable",
    detail: String(cause),
    cause
  })

/** A reader of the folder sees a message whole or not at all. */
const drop = async (options: { readonly folder: string; readonly from: string }, message: EmailMessage) => {
  const file = join(options.folder, `${message.id.replace(/[^\w-]/g, "_")}.eml`)
  const bytes = await composed(options.from, message)
  const handle = await open(`${file}.part`, "w", 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.part`, file)
}

const composed = (from: string, { date, html, id, subject, text, to }: EmailMessage): Promise<Buffer> => {
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? "localhost"
  const mail = { from, to, subject, text, date: new Date(date), messageId: `<${id}@${domain}>` }
  return new MailComposer(html === undefined ? mail : { ...mail, html }).compile().build()
}
