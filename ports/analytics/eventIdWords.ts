/** Values of hexadecimal digits, by their character. */
const digits = new Uint8Array(128)
for (let value = 0; value < 16; value += 1) {
  digits[value.toString(16).charCodeAt(0)] = value
  digits[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** Where the hexadecimal digits of a UUID stand: eight for each word. */
const digitPlaces = Uint8Array.from(
  Array.from({ length: 36 }, (_, place) => place).filter((place) => ![8, 13, 18, 23].includes(place))
)

/** A UUID is so many words of 32 bits. */
export const idWords = 4

/** One word of an event id as a signed number: read digit by digit, in a small part of the time that `parseInt` takes. */
export const idWord = (id: string, word: number): number => {
  let value = 0
  for (let at = word * 8; at < word * 8 + 8; at += 1) {
    value = (value << 4) | digits[id.charCodeAt(digitPlaces[at]!)]!
  }
  return value
}
