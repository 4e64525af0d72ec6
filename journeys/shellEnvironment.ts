import process from "node:process"

/** The environment of a user's shell: this process's own, without what npm and the test runner added to it. */
export const shellEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(npm_|NODE_ENV$|NODE_COMPILE_CACHE$|VITEST|BROXIVA|INIT_CWD$)/i.test(name)
        ? []
        : [[name, value]]
    )
  )
