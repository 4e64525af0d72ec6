import { page, setPage } from "./currentPage.ts"
import { track } from "./queue.ts"
import { settings } from "./settings.ts"

/** A shorter stay is told only with a deeper scroll, or when the page ends. */
const stayMillisMin = 3000
const milestones = [25, 50, 75, 100]

let route: string
let engagedMillis = 0
let engagedSince = 0
let percent = 0
let told = -1

/** Routes in the fragment become paths: the service keeps no fragments. */
const addressNow = (): string =>
  "hash" in settings
    ? `${location.origin}${location.pathname.replace(/\/$/, "")}/${location.hash.replace(/^#!?\/?/, "")}${location.search}`
    : location.href

const routeNow = (): string => addressNow().replace(/[?#].*/, "")

export const documentHeight = (): number => Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)

/** Adds what was spent on the page since it was last asked: seen, and in the foreground. */
export const measureStay = (): void => {
  const now = performance.now()
  if (engagedSince) engagedMillis += now - engagedSince
  engagedSince = !document.hidden && document.hasFocus() ? now : 0
}

const measureScroll = (): void => {
  const before = percent
  percent = Math.max(percent, Math.min(100, Math.round(((scrollY + innerHeight) / documentHeight()) * 100)))
  for (const each of milestones) if (each > before && each <= percent) track("scroll_depth", { percent: each })
}

/** The page is left, perhaps for a moment: how long it was looked at since it was last told, and how far. */
export const leave = (ends?: boolean): void => {
  measureScroll()
  measureStay()
  if (percent > told || engagedMillis >= stayMillisMin || (ends && engagedMillis)) {
    track("page_exit", { engaged_ms: Math.round(engagedMillis), scroll_percent: percent })
    engagedMillis = 0
    told = percent
  }
}

export const view = (referrer: string): void => {
  setPage({ url: addressNow(), title: document.title, referrer })
  route = routeNow()
  percent = engagedMillis = engagedSince = 0
  told = -1
  measureStay()
  track("page_view")
}

/** The page ends and another begins without a load. */
export const viewNext = (): void => {
  const { url } = page
  leave(true)
  view(url)
}

export const isNewRoute = (): boolean => routeNow() !== route

/** Calls `changed` when the address may have become another one. */
const watchRoutes = (changed: () => void): void => {
  for (const name of ["pushState", "replaceState"] as const) {
    const change = history[name]
    history[name] = function (...values) {
      change.apply(this, values)
      changed()
    }
  }
  addEventListener("popstate", changed)
  addEventListener("hashchange", changed)
}

export const watchPage = (changed: () => void): void => {
  addEventListener("scroll", measureScroll, { passive: true })
  addEventListener("focus", measureStay)
  addEventListener("blur", () => leave())
  watchRoutes(changed)
}
