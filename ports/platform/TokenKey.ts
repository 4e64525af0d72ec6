import { Context } from "effect"

/** The secret that signs and proves tokens (HS256), 32 bytes or more. */
export class TokenKey extends Context.Service<TokenKey, { readonly secret: Uint8Array }>()("ports/platform/TokenKey") {}
