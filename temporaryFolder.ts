import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"

/** One folder for all that a run of the tests makes in the temporary one: it goes with the run, also where tests fail. */
export default () => {
  const folder = mkdtempSync(join(tmpdir(), "broxiva-tests-"))
  process.env["TMPDIR"] = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
