/** Stands where an e-mail address stood. */
export const emailRemoved = "[email]"

const address = /[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/giu

/** Pages, titles and campaigns are shown as they are, so an address in them would be personal data in clear. */
export const withoutEmails = (text: string): string =>
  text.includes("@") || (text.includes("%") && text.includes("%40")) ? text.replace(address, emailRemoved) : text
