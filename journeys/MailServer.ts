import { simpleParser } from "mailparser"
import type { ParsedMail } from "mailparser"
import type { AddressInfo } from "node:net"
import { SMTPServer } from "smtp-server"

export interface MailServer {
  /** What `EMAIL` says of it. */
  readonly url: string
  readonly received: ReadonlyArray<ParsedMail>
  readonly close: () => Promise<void>
}

/** A real mail server on a port of this machine; it takes only this user's mail. */
export const startMailServer = (account: { readonly user: string; readonly password: string }): Promise<MailServer> =>
  new Promise((done) => {
    const received: Array<ParsedMail> = []
    const server = new SMTPServer({
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      onAuth: ({ password, username }, _, answer) =>
        username === account.user && password === account.password
          ? answer(null, { user: username })
          : answer(Object.assign(new Error("wrong password"), { responseCode: 535 })),
      onRcptTo: ({ address }, _, answer) =>
        address.startsWith("nobody@")
          ? answer(Object.assign(new Error("no such user"), { responseCode: 550 }))
          : answer(),
      onData: (stream, _, answer) => void simpleParser(stream).then((mail) => (received.push(mail), answer()), answer)
    })
    server.on("error", () => undefined)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.server.address() as AddressInfo
      const credentials = `${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}`
      done({
        url: `smtp://${credentials}@127.0.0.1:${port}`,
        received,
        close: () => new Promise((closed) => server.close(closed))
      })
    })
  })
