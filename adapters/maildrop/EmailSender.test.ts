import { simpleParser } from "mailparser"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as emailSender from "../../ports/email/EmailSender.suite.ts"
import * as EmailSender from "./EmailSender.ts"

const folder = join(mkdtempSync(join(tmpdir(), "maildrop-")), "mail")
const received = () =>
  Promise.all(
    readdirSync(folder).map(async (name) => {
      const {
        from,
        html,
        messageId = "",
        subject = "",
        text = "",
        to
      } = await simpleParser(readFileSync(join(folder, name)))
      const addressee = Array.isArray(to) ? to[0] : to
      return {
        messageId,
        from: from?.value[0]?.address ?? "",
        to: addressee?.value[0]?.address ?? "",
        subject,
        text,
        html: html === false ? undefined : html
      }
    })
  )

emailSender.suite(
  "a folder of files",
  () => EmailSender.layer({ folder, from: "Broxiva <reports@broxiva.example>" }),
  received
)
