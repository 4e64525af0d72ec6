import { randomUUID } from "node:crypto"
import process from "node:process"
import { parseArgs } from "node:util"
import { readOrMake } from "../adapters/files/TokenKey.ts"
import { filesOf } from "../adapters/dataFiles.ts"
import { reservedWorkspaces } from "../domain/platform/installation.ts"
import { signToken } from "../domain/platform/tokens.ts"

const { values } = parseArgs({
  options: {
    workspace: { type: "string", default: "default" },
    scopes: { type: "string", default: "*" },
    subject: { type: "string", default: "command line" },
    days: { type: "string", default: "30" }
  }
})
const days = Number(values.days)
const isWorkspace = /^[a-z0-9][a-z0-9-]{0,62}$/.test(values.workspace) && !reservedWorkspaces.has(values.workspace)
const isSubject = values.subject.length > 0 && values.subject.length <= 200
if (!isWorkspace || !isSubject || !(days > 0 && days <= 3650)) {
  process.stderr.write(
    "usage: npm run --silent token -- --workspace default --scopes '*' [--subject 'command line'] [--days 30]\n"
  )
  process.exit(1)
}
const now = Date.now()
const token = await signToken(readOrMake(filesOf(process.env["DATA_DIR"] || "./data").tokenKey), {
  workspace: values.workspace,
  subject: values.subject,
  keyId: randomUUID(),
  kind: "secret",
  scopes: values.scopes.split(",").map((scope) => scope.trim()),
  issuedAtMillis: now,
  expiresAtMillis: now + days * 86_400_000
})
process.stdout.write(`${token}\n`)
