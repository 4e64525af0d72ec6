import { Context } from "effect"

/** What our own tokens name as their issuer and their audience. */
export const ownIssuer = "broxiva"
export const ownAudience = "broxiva"

/** The secret that signs our own tokens (HS256), 32 bytes or more. */
export class TokenKey extends Context.Service<TokenKey, { readonly secret: Uint8Array }>()("ports/platform/TokenKey") {}
