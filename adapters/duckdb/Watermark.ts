import { createHmac } from "node:crypto"
import { nonceBytes, seal, unseal } from "../../ports/privacy/sealing.ts"

export const watermarkKeyBytes = 32

/** A state of the data of a workspace, and of what else an answer rests on. */
export interface Watermark {
  /** Of the file that issued it: another one has other ticks. */
  readonly incarnation: string
  /** Raised by each erasure, and by each time that retention lets events go. */
  readonly epoch: string
  readonly tick: number
  readonly revisions: string
}

const contextOf = (workspace: string): string => `watermark|${workspace}`

/** The same text for the same state, told by nobody else and read by nobody else: the nonce is made of what is sealed. */
export const sealWatermark = (key: Uint8Array, workspace: string, mark: Watermark): string => {
  const clear = Buffer.from(JSON.stringify([mark.incarnation, mark.epoch, mark.tick, mark.revisions]))
  const nonce = createHmac("sha256", key)
    .update(`${contextOf(workspace)}|`)
    .update(clear)
    .digest()
    .subarray(0, nonceBytes)
  return seal(key, nonce, contextOf(workspace), clear).toString("base64url")
}

/** `undefined` for what was not sealed with the key, for the workspace. */
export const openWatermark = (key: Uint8Array, workspace: string, text: string): Watermark | undefined => {
  const sealed = Buffer.from(text, "base64url")
  const clear = sealed.toString("base64url") === text ? unseal(key, contextOf(workspace), sealed) : undefined
  if (clear === undefined) return undefined
  const [incarnation, epoch, tick, revisions] = JSON.parse(clear.toString("utf8")) as [string, string, number, string]
  return { incarnation, epoch, tick, revisions }
}
