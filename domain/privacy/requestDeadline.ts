import type { PrivacyLaw } from "../../ports/privacy/PrivacyRequest.ts"

const dayMillis = 86_400_000

/** The same day and time so many months later, or the last day where the month is shorter (Regulation 1182/71, Art. 3). */
const monthsLater = (millis: number, months: number): number => {
  const from = new Date(millis)
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months + 1, 0)).getUTCDate()
  const day = Math.min(from.getUTCDate(), lastDay)
  return (
    Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, day) + (((millis % dayMillis) + dayMillis) % dayMillis)
  )
}

/** ms UTC. GDPR Art. 12(3): one month, three once extended. CCPA § 1798.130(a)(2): 45 days, 90 once extended. */
export const requestDeadline = (law: PrivacyLaw, receivedMillis: number, extended: boolean): number =>
  law === "gdpr" ? monthsLater(receivedMillis, extended ? 3 : 1) : receivedMillis + (extended ? 90 : 45) * dayMillis
