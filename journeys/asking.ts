import { assert } from "vitest"
import { ask } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

/** Where each `pointer` of a problem points, with its code. */
export const errorsOf = ({ body }: Answer): ReadonlyArray<string> =>
  (body["errors"] as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map(
    ({ code, pointer }) => `${pointer} ${code}`
  )

/** Requests of one key; who they go to is asked at each, since a server is there only once the tests have begun. */
export const asking = (who: () => { readonly server: ServerProcess; readonly token: string }) => {
  const send = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const { server, token } = who()
    return ask(server, method, path, { token, headers, ...(body === undefined ? {} : { body }) })
  }
  /** Fails with the answer where it has another status. */
  const done = async (status: number, ...given: Parameters<typeof send>): Promise<Answer> => {
    const answer = await send(...given)
    assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
    return answer
  }
  return { send, done }
}
