import { Effect, Layer } from "effect"
import nodemailer from "nodemailer"
import { EmailSender } from "../../ports/email/EmailSender.ts"
import type { EmailMessage, EmailOutcome } from "../../ports/email/EmailSender.ts"
import { PortFailure } from "../../ports/PortFailure.ts"

const connectionsMax = 2
const connectMillisMax = 10_000
/** Longest silence of the server. */
const idleMillisMax = 30_000
const detailCharactersMax = 500

/** What nodemailer says of a failure. */
interface SmtpError extends Error {
  readonly code?: string
  /** Of the server's reply, where it is one that refused. */
  readonly responseCode?: number
  /** Which wait it was that took too long. */
  readonly timeoutType?: string
  /** Of the operating system's failure. */
  readonly syscall?: string
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host)

/**
 * A mail server, by `smtp://user:password@host:587` (STARTTLS, which only a server on this machine may lack) or
 * `smtps://…:465`.
 */
export const layer = (options: { readonly url: URL; readonly from: string }): Layer.Layer<EmailSender> =>
  Layer.effect(
    EmailSender,
    Effect.gen(function* () {
      const { hostname, password, port, protocol, username } = options.url
      const secure = protocol === "smtps:"
      const transport = nodemailer.createTransport({
        pool: true,
        maxConnections: connectionsMax,
        host: hostname.replace(/^\[|\]$/g, ""),
        port: port === "" ? (secure ? 465 : 587) : Number(port),
        secure,
        requireTLS: !secure && !isLoopback(hostname),
        ...(username === ""
          ? {}
          : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
        connectionTimeout: connectMillisMax,
        greetingTimeout: connectMillisMax,
        socketTimeout: idleMillisMax,
        // A message never names files or addresses to fetch.
        disableFileAccess: true,
        disableUrlAccess: true
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => transport.close()))
      const domain = /@([^>\s]+)/.exec(options.from)?.[1] ?? "localhost"
      const send = ({ date, html, id, subject, text, to }: EmailMessage) => {
        const mail = { from: options.from, to, subject, text, date: new Date(date), messageId: `<${id}@${domain}>` }
        return Effect.tryPromise({
          try: () =>
            transport
              .sendMail(html === undefined ? mail : { ...mail, html })
              .then(() => ({ outcome: "accepted" }) as const, outcomeOf),
          catch: (failure) => failure as PortFailure
        })
      }
      return EmailSender.of({ send })
    })
  )

/** Failures before a message could be handed over. */
const early = new Set(["EAUTH", "EDNS", "ETLS", "ENOAUTH"])

/** RFC 5321, 4.2.1: 5yz is final, 4yz may be tried again. Throws the PortFailure of what was surely not taken. */
const outcomeOf = (error: SmtpError): EmailOutcome => {
  const { code = "", responseCode, syscall, timeoutType } = error
  const detail = error.message.slice(0, detailCharactersMax)
  const isEarly =
    early.has(code) || syscall === "connect" || (timeoutType !== undefined && timeoutType !== "SOCKET_TIMEOUT")
  if (isEarly || (responseCode !== undefined && responseCode < 500)) {
    throw new PortFailure({ port: "EmailSender", operation: "send", reason: "unavailable", detail, cause: error })
  }
  return responseCode === undefined ? { outcome: "unknown", detail } : { outcome: "refused", detail }
}
