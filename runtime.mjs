// Says in one line, on any Node, that the runtime is too old to read TypeScript.
import process from "node:process"

const nodeMajorMin = 24
if (process.versions.bun === undefined && Number(process.versions.node.split(".")[0]) < nodeMajorMin) {
  process.stderr.write(
    `Broxiva needs Node ${nodeMajorMin} or later (this is ${process.versions.node}). On Linux "npm install" brings it; elsewhere install it from nodejs.org.\n`
  )
  process.exit(1)
}
