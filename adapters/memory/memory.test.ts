import * as liveFeed from "../../ports/analytics/LiveFeed.suite.ts"
import * as cache from "../../ports/platform/Cache.suite.ts"
import * as changeNotices from "../../ports/platform/ChangeNotices.suite.ts"
import * as rateLimits from "../../ports/platform/RateLimits.suite.ts"
import * as Cache from "./Cache.ts"
import * as ChangeNotices from "./ChangeNotices.ts"
import * as LiveFeed from "./LiveFeed.ts"
import * as RateLimits from "./RateLimits.ts"

liveFeed.suite("memory", () => LiveFeed.layer)
cache.suite("memory", () => Cache.layer)
changeNotices.suite("memory", () => ChangeNotices.layer)
rateLimits.suite("memory", () => RateLimits.layer)
