import { page } from "./currentPage.ts"
import { address } from "./settings.ts"

export type Properties = Readonly<Record<string, unknown>>

/** Events that wait; what comes on top of them while the service is away is lost. */
const waitingMax = 200
/** Browsers refuse more than 64 KiB of what outlives its page. */
const charactersMax = 30_000
const pauseMillis = 1000
const pauseMillisMax = 60_000

let waiting: Array<object> = []
let timer: ReturnType<typeof setTimeout> | undefined
let failures = 0
let user: string | undefined

export const setUser = (id: string): void => {
  user = id
}

/** UUID, version 4; `crypto.randomUUID` is missing on pages without TLS. */
const makeId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, index) =>
    (index === 6 ? (byte & 15) | 64 : index === 8 ? (byte & 63) | 128 : byte).toString(16).padStart(2, "0")
  )
    .join("")
    .replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")

export const track = (event_type: string, properties: Properties = {}, time = Date.now(), at = page): void => {
  if (waiting.length >= waitingMax) return
  waiting.push({
    event_id: makeId(),
    event_type,
    timestamp: new Date(time).toISOString(),
    user_id: user,
    properties,
    context: { page: at }
  })
  timer ??= setTimeout(send, pauseMillis)
}

const takeBatch = (): ReadonlyArray<object> => {
  let characters = 0
  const end = waiting.findIndex((event, index) => {
    characters += JSON.stringify(event).length
    return index > 0 && characters > charactersMax
  })
  return waiting.splice(0, end < 0 ? waitingMax : end)
}

/** Sends what waits. A batch that failed waits again, longer each time; event ids keep it from counting twice. */
export const send = (leaving?: boolean): void => {
  clearTimeout(timer)
  timer = undefined
  const events = takeBatch()
  if (!events[0]) return
  const body = JSON.stringify({ events, sent_at: new Date().toISOString() })
  if (leaving && navigator.sendBeacon(address, body)) return send(true)
  fetch(address, { method: "POST", body, keepalive: true, credentials: "omit" })
    .then(({ status }) => {
      if (status === 429 || status >= 500) throw status
      failures = 0
      if (waiting[0]) send()
    })
    .catch(() => {
      waiting.unshift(...events)
      clearTimeout(timer)
      timer = setTimeout(send, Math.min(pauseMillisMax, pauseMillis * 2 ** ++failures))
    })
}
