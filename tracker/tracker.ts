import { answerClicks, watchClicks } from "./clicks.ts"
import { isNewRoute, leave, measureStay, view, viewNext, watchPage } from "./page.ts"
import { send, setUser, track } from "./queue.ts"
import type { Properties } from "./queue.ts"
import { isAnonymous, isOptedOut } from "./settings.ts"
import { tellVitals, watchVitals } from "./vitals.ts"

type Call = readonly [method: "track" | "identify" | "page", ...values: ReadonlyArray<unknown>]
const global = window as { broxiva?: unknown }

const isSilent = isOptedOut && !isAnonymous

const next = (): void => {
  answerClicks()
  viewNext()
}

const api = {
  track: (name: string, properties?: Properties): void => {
    if (!isSilent) track(name, properties)
  },
  /** Events from here on are this user's; the traits are kept of the user. */
  identify: (userId: string, traits?: Properties): void => {
    if (isOptedOut) return
    setUser(userId)
    track("user_identified", { traits })
  },
  /** Another view without a new address. */
  page: (): void => {
    if (!isSilent) next()
  },
  push: ([method, ...values]: Call): void => (api[method] as (...values: ReadonlyArray<unknown>) => void)(...values)
}

const hide = (ends?: boolean): void => {
  answerClicks()
  tellVitals()
  leave(ends)
  send(true)
}

const watch = (): void => {
  view(document.referrer)
  watchPage(() => isNewRoute() && next())
  watchClicks()
  watchVitals()
  addEventListener("visibilitychange", () => (document.hidden ? hide() : measureStay()))
  addEventListener("pagehide", () => hide(true))
  // Back from the browser's cache of pages.
  addEventListener("pageshow", ({ persisted }) => persisted && view(document.referrer))
}

/** Calls that the page made before are made up for; until then it may push them onto a list. */
const start = (): void => {
  const called = global.broxiva
  if (!isSilent) watch()
  global.broxiva = api
  if (Array.isArray(called)) called.forEach(api.push)
}

if ((document as { readonly prerendering?: boolean }).prerendering)
  addEventListener("prerenderingchange", start, { once: true })
else start()
