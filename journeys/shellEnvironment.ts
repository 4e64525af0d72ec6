import { spawnSync } from "node:child_process"
import process from "node:process"

/** What is printed to be pasted is run where the machine has curl. */
export const hasCurl = spawnSync("curl", ["--version"]).status === 0

/** The environment of a user's shell: this process's own, without what npm and the test runner added to it. */
export const shellEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(npm_|NODE_ENV$|NODE_COMPILE_CACHE$|VITEST|BROXIVA|INIT_CWD$)/i.test(name)
        ? []
        : [[name, value]]
    )
  )
