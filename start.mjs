// With `--max-semi-space-size=32` (MB) young objects have half of the room that Node takes on a large machine: once it was
// used, at the start, it stays with an idle process.
import "./runtime.mjs"
import process from "node:process"

if (process.versions.bun === undefined) {
  const { enableCompileCache } = await import("node:module")
  enableCompileCache(new URL(".cache/node", import.meta.url).pathname)
}
await import("effect/schema/SchemaJITCompiler/enable")
process.env["BROXIVA_START"] = "yes"
await import("./main.ts")
