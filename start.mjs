// The door for a runtime that may be too old to read TypeScript: one clear line instead of a stack trace.
import process from "node:process"

const nodeMajorMin = 24
const major = Number(process.versions.node.split(".")[0])
if (process.versions.bun === undefined && major < nodeMajorMin) {
  process.stderr.write(
    `Broxiva needs Node ${nodeMajorMin} or later (this is ${process.versions.node}). On Linux "npm install" brings it; elsewhere install it from nodejs.org.\n`
  )
  process.exit(1)
}
if (process.versions.bun === undefined) {
  const { enableCompileCache } = await import("node:module")
  enableCompileCache(new URL(".cache/node", import.meta.url).pathname)
}
await import("effect/schema/SchemaJITCompiler/enable")
process.env["BROXIVA_START"] = "yes"
await import("./main.ts")
