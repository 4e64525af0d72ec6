import { code } from "currency-codes"

/** A decimal number held exactly: `digits / 10^scale`. */
interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

/** Largest amount in minor units: what a JSON number holds exactly. */
export const minorUnitsMax = BigInt(Number.MAX_SAFE_INTEGER)

export type MoneyRefusal = "amount" | "negative" | "precision" | "currency"

/** ISO 4217 exponent of the currency, `undefined` for what is no currency (metals, test codes). */
export const exponentOf = (currency: string): number | undefined => {
  if (!/^[A-Z]{3}$/.test(currency) || /^X(?!AF$|CD$|OF$|PF$)/.test(currency)) return undefined
  return code(currency)?.digits
}

const parseDecimal = (value: unknown): Decimal | undefined => {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : ""
  const match = /^(-?\d{1,20})(?:\.(\d{1,20}))?$/.exec(text)
  if (match === null) return undefined
  const fraction = (match[2] ?? "").replace(/0+$/, "")
  return { digits: BigInt(`${match[1]}${fraction}`), scale: fraction.length }
}

/**
 * An amount as sent (decimal number or string) in integer minor units of its currency (ISO 4217), or why not:
 * no decimal number, negative, finer than the currency's minor unit, or no currency.
 */
export const toMinorUnits = (amount: unknown, currency: unknown): number | MoneyRefusal => {
  const exponent = typeof currency === "string" ? exponentOf(currency) : undefined
  if (exponent === undefined) return "currency"
  const decimal = parseDecimal(amount)
  if (decimal === undefined) return "amount"
  if (decimal.digits < 0n) return "negative"
  if (decimal.scale > exponent) return "precision"
  const minor = decimal.digits * 10n ** BigInt(exponent - decimal.scale)
  return minor > minorUnitsMax ? "amount" : Number(minor)
}

/** Minor units as a decimal text with all the digits of the currency: 1234 USD → "12.34". */
export const formatMinorUnits = (minor: bigint, exponent: number): string => {
  const sign = minor < 0n ? "-" : ""
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, "0")
  return exponent === 0 ? sign + digits : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}
