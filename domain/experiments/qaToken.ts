import { createHmac, timingSafeEqual } from "node:crypto"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** What a token says: which link of the workspace it is, and until when it holds, in ms UTC. */
interface QaClaims {
  readonly id: string
  readonly expires_at: number
}

/** Longer ones are not looked at. */
export const qaTokenCharactersMax = 300

/** A key of its own, so that what signs other tokens signs no link, and the other way round. */
const signatureOf = (secret: Uint8Array, workspace: WorkspaceId, said: string): Buffer => {
  const key = createHmac("sha256", secret).update("qa-link").digest()
  return createHmac("sha256", key).update(`${workspace}|${said}`).digest()
}

/** `id.expiry.signature`: HMAC-SHA-256 over the workspace, the id and the expiry. */
export const signQaToken = (secret: Uint8Array, workspace: WorkspaceId, { expires_at, id }: QaClaims): string => {
  const said = `${id}.${expires_at}`
  return `${said}.${signatureOf(secret, workspace, said).toString("base64url")}`
}

/** What the token says, where it was signed for the workspace; nothing where it was not. */
export const verifyQaToken = (secret: Uint8Array, workspace: WorkspaceId, token: string): QaClaims | undefined => {
  if (token.length > qaTokenCharactersMax) return undefined
  const [id, expiry, signature, ...more] = token.split(".")
  if (id === undefined || expiry === undefined || signature === undefined || more.length > 0) return undefined
  const expected = signatureOf(secret, workspace, `${id}.${expiry}`).toString("base64url")
  const given = Buffer.from(signature)
  const isOurs = given.length === expected.length && timingSafeEqual(given, Buffer.from(expected))
  return isOurs ? { id, expires_at: Number(expiry) } : undefined
}
