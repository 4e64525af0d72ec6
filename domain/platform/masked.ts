export const mask = "***"

/** Tried from where a word begins alone, so that the time grows with the text and not with its square. */
const emailAddress = /(?<![^\s"'<>(),;:@])[^\s"'<>(),;:@]+@[^\s"'<>(),;:@]+/g
/** International, or grouped so that no date, amount or plain id looks like one. */
const phoneNumber = /\+\d[\d ()./-]{6,22}\d|(?<![\w.-])\(?\d{3,5}\)?[ ./-]\d{3,4}[ .-]\d{3,5}(?![\w.-])/g

const maskedText = (text: string): string => text.replace(emailAddress, mask).replace(phoneNumber, mask)

/** The same value with every e-mail address and phone number in its texts masked, those in names of fields too. */
export const masked = (value: unknown): unknown => {
  if (typeof value === "string") return maskedText(value)
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [maskedText(name), masked(each)]))
}
