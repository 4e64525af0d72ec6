import { buildSync } from "esbuild"
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"

const folder = resolve(import.meta.dirname, "../tracker")
/** What the service sends; kept beside its source, so that a start builds nothing. */
export const trackerFile = resolve(folder, "t.js")

/** The script as one file for browsers of the last years. */
export const builtTracker = (): string =>
  buildSync({
    entryPoints: [resolve(folder, "tracker.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    write: false,
    tsconfigRaw: {}
  }).outputFiles[0]!.text

if (import.meta.main) writeFileSync(trackerFile, builtTracker())
