/** The address without the part that tells a household: IPv4 cut to /24, IPv6 to /48. `undefined` for what is none. */
export const cutAddress = (ip: string): string | undefined => {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) {
    const parts = ip.split(".").map(Number)
    return parts.every((part) => part <= 255) ? `${parts.slice(0, 3).join(".")}.0` : undefined
  }
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)
  if (mapped !== null) return cutAddress(mapped[1]!)
  const groups = expandIPv6(ip)
  return groups === undefined
    ? undefined
    : `${groups
        .slice(0, 3)
        .map((group) => group.toString(16))
        .join(":")}::`
}

/** The eight groups of an IPv6 address. */
export const expandIPv6 = (ip: string): ReadonlyArray<number> | undefined => {
  if (!/^[0-9a-f:]{2,39}$/i.test(ip)) return undefined
  const halves = ip.split("::")
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")))
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail]
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined
}

const bitsOf = (ip: string): string | undefined => {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(ip))
    return ip
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("")
  return expandIPv6(ip)
    ?.map((group) => group.toString(2).padStart(16, "0"))
    .join("")
}

/** Whether the address lies in a network like `203.0.113.0/24`, or is the address named. */
export const isInNetwork = (ip: string, network: string): boolean => {
  const [base = "", length] = network.split("/")
  const own = bitsOf(ip)
  const other = bitsOf(base)
  if (own === undefined || other === undefined || own.length !== other.length) return false
  const bits = length === undefined ? own.length : Number(length)
  return own.slice(0, bits) === other.slice(0, bits)
}
