/** What a request asks of a file, RFC 9110 section 14: bytes `from` to before `to`. */
export type AskedBytes =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly from: number; readonly to: number }
  | { readonly kind: "unsatisfiable" }

const whole: AskedBytes = { kind: "whole" }
const oneRange = /^bytes\s*=\s*(?:(\d{1,15})\s*-\s*(\d{1,15})?|-\s*(\d{1,15}))$/i

/**
 * One range of bytes. Several, another unit and what cannot be read are answered whole, as the RFC allows. With
 * `If-Range` a part only of the very file that the client holds the beginning of.
 */
export const readRange = (
  headers: Readonly<Record<string, string | undefined>>,
  file: { readonly bytes: number; readonly etag: string }
): AskedBytes => {
  const { range, "if-range": condition } = headers
  const found = range === undefined ? null : oneRange.exec(range.trim())
  if (found === null || (condition !== undefined && condition.trim() !== file.etag)) return whole
  const [, first, last, suffix] = found
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), file.bytes)
    return length === 0 ? { kind: "unsatisfiable" } : { kind: "part", from: file.bytes - length, to: file.bytes }
  }
  const from = Number(first)
  if (last !== undefined && Number(last) < from) return whole
  if (from >= file.bytes) return { kind: "unsatisfiable" }
  return { kind: "part", from, to: Math.min(last === undefined ? file.bytes : Number(last) + 1, file.bytes) }
}
