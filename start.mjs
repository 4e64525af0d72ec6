import "./runtime.mjs"
import process from "node:process"

if (process.versions.bun === undefined) {
  const { enableCompileCache } = await import("node:module")
  enableCompileCache(new URL(".cache/node", import.meta.url).pathname)
}
await import("effect/schema/SchemaJITCompiler/enable")
process.env["BROXIVA_START"] = "yes"
await import("./main.ts")
