import type { Device } from "./userAgent.ts"

/** What a browser says of itself in headers of its own: User-Agent Client Hints (W3C WICG), structured fields. */
export interface ClientHints {
  /** `Sec-CH-UA` */
  readonly brands?: string | undefined
  /** `Sec-CH-UA-Mobile` */
  readonly mobile?: string | undefined
  /** `Sec-CH-UA-Platform` */
  readonly platform?: string | undefined
}

/** Engines that name themselves beside the browser that is built on them. */
const engines = new Set(["Chromium", "Android WebView"])
/** Names as the table of user agents spells them, so that one browser is one value. */
const spelled: Readonly<Record<string, string>> = { "Google Chrome": "Chrome", "Chrome OS": "Chrome OS" }

/** `"Google Chrome";v="130", "Not?A_Brand";v="99"`: the browser, not the brand that is made up against sniffing. */
const browserOf = (brands: string): string | undefined => {
  const names = [...brands.matchAll(/"((?:[^"\\]|\\.)*)"\s*;\s*v=/g)].map(([, name = ""]) => name)
  const real = names.filter((name) => !/^[^A-Za-z]*Not[^A-Za-z]+A[^A-Za-z]+Brand/i.test(name))
  const found = real.find((name) => !engines.has(name)) ?? real[0]
  return found === undefined ? undefined : (spelled[found] ?? found)
}

/** What the hints tell; empty where there are none. */
export const readClientHints = ({ brands, mobile, platform }: ClientHints): Device => {
  const browser = brands === undefined ? undefined : browserOf(brands)
  const os = platform === undefined ? undefined : /^"([^"]+)"$/.exec(platform.trim())?.[1]
  return {
    ...(mobile?.trim() === "?1" ? { type: "mobile" } : {}),
    ...(os === undefined || os === "Unknown" ? {} : { os: spelled[os] ?? os }),
    ...(browser === undefined ? {} : { browser })
  }
}
