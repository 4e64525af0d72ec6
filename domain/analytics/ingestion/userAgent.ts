import { getParser } from "bowser"
import { isbot } from "isbot"

export interface Device {
  readonly type?: string
  readonly os?: string
  readonly browser?: string
}

interface Known {
  readonly bot: boolean
  readonly device: Device
}

/** User agents remembered; the oldest is forgotten first. */
export const rememberedUserAgentsMax = 10_000
const remembered = new Map<string, Known>()

const read = (userAgent: string): Known => {
  const { browser, os, platform } = getParser(userAgent).getResult()
  return {
    bot: isbot(userAgent),
    device: {
      ...(platform.type === undefined ? {} : { type: platform.type }),
      ...(os.name === undefined ? {} : { os: os.name }),
      ...(browser.name === undefined || browser.name === "" ? {} : { browser: browser.name })
    }
  }
}

/** Device, and whether it is a known bot's, from the header's text. A memory of a pure function: same text, same answer. */
export const readUserAgent = (userAgent: string): Known => {
  const known = remembered.get(userAgent)
  if (known !== undefined) return known
  const fresh: Known = userAgent.trim() === "" ? { bot: false, device: {} } : read(userAgent)
  if (remembered.size >= rememberedUserAgentsMax) remembered.delete(remembered.keys().next().value!)
  remembered.set(userAgent, fresh)
  return fresh
}
