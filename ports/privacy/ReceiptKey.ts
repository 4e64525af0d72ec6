import { Context } from "effect"
import type { KeyObject } from "node:crypto"

/** The installation's key pair (Ed25519) that signs receipts. */
export class ReceiptKey extends Context.Service<ReceiptKey, { readonly privateKey: KeyObject }>()(
  "ports/privacy/ReceiptKey"
) {}
