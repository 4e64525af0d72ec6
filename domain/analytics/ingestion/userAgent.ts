import { getParser } from "bowser"
import { isbot } from "isbot"
import { remember } from "./remember.ts"

export interface Device {
  readonly type?: string
  readonly os?: string
  readonly browser?: string
}

interface Known {
  readonly bot: boolean
  readonly device: Device
}

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

/** Device, and whether it is a known bot's, from the header's text. */
export const readUserAgent: (userAgent: string) => Known = remember((userAgent) =>
  userAgent.trim() === "" ? { bot: false, device: {} } : read(userAgent)
)
