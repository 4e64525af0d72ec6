import type { Effect } from "effect"
import { Context } from "effect"
import type { KeyObject } from "node:crypto"
import type { PortFailure } from "../PortFailure.ts"

/** The installation's key pairs (Ed25519) that sign receipts. */
export interface ReceiptKeyPairs {
  /** Signs from now on. */
  readonly privateKey: KeyObject
  /** Of every pair that has ever signed, the one in use first: old receipts stay verifiable. */
  readonly publicKeys: ReadonlyArray<KeyObject>
}

export class ReceiptKey extends Context.Service<
  ReceiptKey,
  {
    readonly pairs: Effect.Effect<ReceiptKeyPairs>
    /** A new pair signs from now on, durable before it answers; of the old one the public half is kept alone. */
    readonly rotate: Effect.Effect<ReceiptKeyPairs, PortFailure>
  }
>()("ports/privacy/ReceiptKey") {}
