/** Bytes of one event, as they stand in a request. */
export const eventBytes = 600
/** Every how many events one bears personal data and a person never seen before. */
export const personalEvery = 5
const devices = 50_000

const uuidAt = (text: Buffer): number => text.indexOf("00000000-0000-4000-8000-000000000000")
const deviceMark = "device-##########"
const sessionMark = "session-##########"
const emailMark = "##########@customers.example"

/** Places of the digits that differ from event to event, in one template. */
interface Template {
  readonly bytes: Buffer
  readonly id: number
  readonly device: number
  readonly session: number
  /** −1 where there is no e-mail address. */
  readonly email: number
}

const context = {
  page: {
    url: "https://shop.example.com/products/garden-chair?utm_source=newsletter&utm_medium=email",
    title: "Garden chair",
    referrer: "https://www.example.org/"
  },
  user_agent: "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
}

const templateOf = (event_type: string, properties: Readonly<Record<string, unknown>>): Template => {
  const event = (filler: string) =>
    JSON.stringify({
      event_id: "00000000-0000-4000-8000-000000000000",
      event_type,
      anonymous_id: deviceMark,
      session_id: sessionMark,
      timestamp: new Date().toISOString(),
      properties: { ...properties, note: filler },
      context
    })
  const bytes = Buffer.from(event("n".repeat(eventBytes - event("").length)))
  const digits = (mark: string) => (bytes.includes(mark) ? bytes.indexOf(mark) + mark.indexOf("#") : -1)
  return {
    bytes,
    id: uuidAt(bytes),
    device: digits(deviceMark),
    session: digits(sessionMark),
    email: digits(emailMark)
  }
}

const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, "0")

/**
 * Makes events of `eventBytes` bytes, each with an id of its own: a template's copy with other digits, so that the
 * sender has nearly nothing to do. `run` tells the ids of one run from those of another.
 */
export const makeEvents = (run: number, personal: boolean) => {
  const plain = templateOf("product_viewed", { plan: "pro", price: 19.9, position: 3 })
  const signUp = templateOf("user_signed_up", { plan: "pro", traits: { email: emailMark } })
  let made = 0

  const writeInto = (target: Buffer, offset: number): number => {
    const number = made++
    const withEmail = personal && number % personalEvery === 0
    const template = withEmail ? signUp : plain
    template.bytes.copy(target, offset)
    const write = (text: string, at: number) => target.write(text, offset + at, "latin1")
    // An odd factor maps the numbers one to one on 32 bits: no id twice, and digits spread like those of chance.
    write(hex(run, 8), template.id)
    write(hex(Math.imul(number, 0x9e3779b1), 8), template.id + 28)
    write(hex(Math.imul(number, 0x85ebca6b) >>> 20, 3), template.id + 20)
    write(hex(Math.imul(run, 0xc2b2ae35) >>> 16, 4), template.id + 24)
    const device = withEmail ? `a${hex(run, 4).slice(-3)}${hex(number, 6)}` : hex(number % devices, 10)
    write(device, template.device)
    write(device, template.session)
    if (template.email !== -1) write(device, template.email)
    return eventBytes
  }

  return {
    /** One event as a body. */
    one: (): Buffer => {
      const body = Buffer.allocUnsafe(eventBytes)
      writeInto(body, 0)
      return body
    },
    /** `{"events":[…]}` */
    batch: (count: number): Buffer => {
      const head = '{"events":['
      const body = Buffer.allocUnsafe(head.length + count * (eventBytes + 1) + 1)
      let at = body.write(head, 0, "latin1")
      for (let index = 0; index < count; index += 1) {
        if (index > 0) at += body.write(",", at, "latin1")
        at += writeInto(body, at)
      }
      at += body.write("]}", at, "latin1")
      return body.subarray(0, at)
    }
  }
}
