import type { Picture } from "../../ports/analytics/Picture.ts"

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}
// Characters that XML 1.0 does not have, written out or not.
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => escapes[found]!)

/**
 * What echarts wrote, made to stand alone: without its marks for scripts and pointers, whose numbers grow with every
 * picture that a thread draws, and with a name and a description.
 */
export const svgText = (drawn: string, { description, note, title }: Picture): string => {
  const still = drawn
    .replace(/<style >[\s\S]*?<\/style>\n?/, "")
    .replaceAll(/ (?:ecmeta_\w+|class|pointer-events)="[^"<>]*"/g, "")
    .replaceAll(/(id="|url\(#)zr\d+-/g, "$1picture-")
    .replace("<defs >\n</defs>\n", "")
  const about = `<title id="picture-title">${escaped(title)}</title>\n<desc id="picture-text">${escaped(`${note}. ${description}`)}</desc>`
  return still
    .replace(/^<svg ([^>]*)>/, `<svg $1 role="img" aria-labelledby="picture-title picture-text">\n${about}`)
    .replaceAll(forbidden, "�")
}
