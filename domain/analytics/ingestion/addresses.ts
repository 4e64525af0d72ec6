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

/** Networks by length, each as the first bits of its addresses: as many look-ups as there are lengths. */
export interface NetworkList {
  readonly ipv4: ReadonlyMap<number, ReadonlySet<bigint>>
  readonly ipv6: ReadonlyMap<number, ReadonlySet<bigint>>
}

interface Address {
  readonly family: keyof NetworkList
  readonly value: bigint
}

const widths = { ipv4: 32, ipv6: 128 } as const

const parseAddress = (ip: string): Address | undefined => {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) {
    const parts = ip.split(".").map(Number)
    if (parts.some((part) => part > 255)) return undefined
    return { family: "ipv4", value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) }
  }
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)
  if (mapped !== null) return parseAddress(mapped[1]!)
  const groups = expandIPv6(ip)
  return groups === undefined
    ? undefined
    : { family: "ipv6", value: groups.reduce((sum, group) => sum * 65_536n + BigInt(group), 0n) }
}

/** Networks like `203.0.113.0/24` or `2001:db8::/32`, and single addresses; what is neither is passed over. */
export const networkList = (networks: ReadonlyArray<string>): NetworkList => {
  const list = { ipv4: new Map<number, Set<bigint>>(), ipv6: new Map<number, Set<bigint>>() }
  for (const network of networks) {
    const [base = "", length] = network.split("/")
    const address = parseAddress(base)
    if (address === undefined) continue
    const width = widths[address.family]
    const bits = length === undefined ? width : Number(length)
    if (!Number.isInteger(bits) || bits < 0 || bits > width) continue
    const ofLength = list[address.family].get(bits) ?? new Set()
    list[address.family].set(bits, ofLength.add(address.value >> BigInt(width - bits)))
  }
  return list
}

/** Whether the address lies in one of the networks. */
export const isListed = (list: NetworkList, ip: string): boolean => {
  const address = parseAddress(ip)
  if (address === undefined) return false
  const width = widths[address.family]
  for (const [bits, starts] of list[address.family]) if (starts.has(address.value >> BigInt(width - bits))) return true
  return false
}
