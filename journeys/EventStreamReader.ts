export interface ReadEvent {
  readonly id: string
  readonly event: string
  readonly data: string
  /** When it came, in ms UTC. */
  readonly at: number
}

/** A reader of server-sent events by hand: it sees comments and fields as they come. */
export interface EventStreamReader {
  readonly status: number
  readonly headers: Headers
  readonly events: ReadonlyArray<ReadEvent>
  /** All that came. */
  readonly text: () => string
  /** Settles once the stream is over, `true` where it was ended in order. */
  readonly ended: Promise<boolean>
  /** The event at a place, once it has come. */
  readonly event: (place: number, millisMax?: number) => Promise<ReadEvent>
  readonly close: () => void
}

/** What stands between two empty lines, where it is an event. */
export const eventIn = (block: string): ReadEvent | undefined => {
  const field = (name: string) =>
    block
      .split("\n")
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join("\n")
  const data = field("data")
  return data === "" ? undefined : { id: field("id"), event: field("event"), data, at: Date.now() }
}

export const readEvents = async (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<EventStreamReader> => {
  const stop = new AbortController()
  const response = await fetch(url, { headers, signal: stop.signal })
  const events: Array<ReadEvent> = []
  let text = ""
  const read = async (): Promise<boolean> => {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of response.body ?? []) {
      const part = decoder.decode(chunk as Uint8Array, { stream: true })
      text += part
      const blocks = (rest + part).split("\n\n")
      rest = blocks.pop()!
      events.push(...blocks.flatMap((block) => eventIn(block) ?? []))
    }
    return true
  }
  const ended = read().catch(() => false)
  return {
    status: response.status,
    headers: response.headers,
    events,
    text: () => text,
    ended,
    event: async (place, millisMax = 10_000) => {
      const deadline = Date.now() + millisMax
      while (events.length <= place) {
        if (Date.now() > deadline) throw new Error(`event ${place} never came, only: ${text}`)
        await new Promise((done) => setTimeout(done, 10))
      }
      return events[place]!
    },
    close: () => stop.abort()
  }
}
