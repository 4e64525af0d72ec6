import { isIP } from "node:net"

const mark = "[redacted]"

/** Parameters whose values are secrets or people, in addresses and in `name=value` texts. */
const secretParameter =
  /\b((?:api[_-]?)?key|(?:access[_-]?|refresh[_-]?|id[_-]?)?token|secret|password|authorization|email|e-mail|phone|cursor)=[^&\s"'<>\\]+/gi
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi
/** A JSON Web Token begins with base64url of `{"`. */
const webToken = /\beyJ[\w-]{5,}(?:\.[\w-]*)*/g
const emailAddress = /[^\s@"'<>()[\]{},;:=&?/\\]{1,64}(?:@|%40)[^\s@"'<>()[\]{},;:=&?/\\]{1,190}\.\p{L}{2,}/gu
const phoneNumber = /\+\d[\d ().-]{6,18}\d/g
const addressLike =
  /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)|(?<![\w:])[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]{0,40}(?!\w)/gi
/** Addresses of this machine and of nobody say nothing about people. */
const ownAddress = /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?)$/

/**
 * The text without what looks like personal data or a secret: e-mail addresses, IP addresses, phone numbers, bearer
 * and web tokens, values of secret parameters. A last defence for logs; what is known to be personal is never put there.
 */
export const redact = (text: string): string =>
  text
    .replace(webToken, mark)
    .replace(bearer, `$1 ${mark}`)
    .replace(secretParameter, `$1=${mark}`)
    .replace(emailAddress, mark)
    .replace(phoneNumber, mark)
    .replace(addressLike, withoutAddress)

const withoutAddress = (found: string): string => {
  const address = found.replace(/(?<=[0-9a-f])[:.]+$/i, "")
  return isIP(address) === 0 || ownAddress.test(address) ? found : mark + found.slice(address.length)
}
