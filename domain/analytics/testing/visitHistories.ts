import * as fc from "fast-check"
import { history } from "./histories.ts"
import type { GeneratedHistory } from "./questionWorld.ts"
import type { Event } from "./reference.ts"

export const ownDomain = "own.example"

/** What a visit may hold beside the events of `histories.ts`: pages, campaigns, referrers, engagement. */
const visit = fc.record({
  event_type: fc.option(
    fc.constantFrom(
      "page_view",
      "page_view",
      "page_exit",
      "scroll_depth",
      "element_clicked",
      "email_clicked",
      "banner_clicked"
    ),
    { nil: undefined }
  ),
  path: fc.option(fc.constantFrom("/a", "/b"), { nil: undefined }),
  referrer_host: fc.option(fc.constantFrom("google.com", ownDomain, `www.${ownDomain}`), { nil: undefined }),
  campaign: fc.option(
    fc.constantFrom<NonNullable<Event["campaign"]>>(
      { source: "news", medium: "email" },
      { source: "ads", medium: "cpc", campaign: "spring" },
      { click_id_type: "gclid", click_id: "x" },
      { medium: "social" }
    ),
    { nil: undefined }
  ),
  engaged_ms: fc.option(fc.constantFrom(0, 1500, 2000.6, -5, 1e12), { nil: undefined }),
  percent: fc.option(fc.constantFrom(0, 33.3, 100, 101), { nil: undefined }),
  interactive: fc.option(fc.boolean(), { nil: undefined })
})

/** A history whose events also are visits; every second event keeps its type, so that orders stay. */
export const visitHistory = (workspace: string): fc.Arbitrary<GeneratedHistory> =>
  history(workspace).chain((made) => {
    const ids = [...new Set(made.log.map((event) => event.event_id))].toSorted()
    return fc.array(visit, { minLength: ids.length, maxLength: ids.length }).map((visits) => ({
      ...made,
      log: made.log.map((event): Event => {
        const { campaign, engaged_ms, event_type, interactive, path, percent, referrer_host } =
          visits[ids.indexOf(event.event_id)]!
        const { money, ...rest } = event
        const type = event_type ?? event.event_type
        return {
          ...rest,
          event_type: type,
          ...(money === undefined || type !== event.event_type ? {} : { money }),
          ...(path === undefined
            ? {}
            : { page: { url: path, path, ...(referrer_host === undefined ? {} : { referrer_host }) } }),
          ...(campaign === undefined ? {} : { campaign }),
          properties: {
            ...event.properties,
            ...(engaged_ms === undefined ? {} : { engaged_ms }),
            ...(percent === undefined ? {} : { percent, scroll_percent: percent }),
            ...(interactive === undefined ? {} : { interactive })
          }
        }
      })
    }))
  })
