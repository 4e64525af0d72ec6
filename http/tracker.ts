import { Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { isUnchanged } from "./middleware/revisions.ts"

const script = readFileSync(new URL("../tracker/t.js", import.meta.url))
const packed = gzipSync(script, { level: 9 })
const version = createHash("sha256").update(script).digest("hex").slice(0, 16)
/** Weak: packed and unpacked bytes share it. */
const etag = `W/"${version}"`

/** Beside the newest script, each version has an address of its own, whose answer never changes. */
export const trackerPath = "/t.js"
export const trackerVersionPath = `/t.${version}.js` as const

const cacheControl = {
  [trackerPath]: "public, max-age=3600, stale-while-revalidate=86400",
  [trackerVersionPath]: "public, max-age=31536000, immutable"
}

/** The script for pages of any site: public, small enough to answer from memory. */
const serve = (path: typeof trackerPath | typeof trackerVersionPath) =>
  HttpRouter.add(
    "GET",
    path,
    Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
      const answered = {
        etag,
        vary: "accept-encoding",
        "cache-control": cacheControl[path]!,
        "cross-origin-resource-policy": "cross-origin"
      }
      if (isUnchanged(headers["if-none-match"], etag)) {
        return HttpServerResponse.empty({ status: 304, headers: answered })
      }
      const isPacked = /\bgzip\b/.test(headers["accept-encoding"] ?? "")
      return HttpServerResponse.uint8Array(isPacked ? packed : script, {
        contentType: "text/javascript; charset=utf-8",
        headers: { ...answered, ...(isPacked ? { "content-encoding": "gzip" } : {}) }
      })
    })
  )

export const layers = [serve(trackerPath), serve(trackerVersionPath)] as const
