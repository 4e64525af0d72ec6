import { Effect, Layer } from "effect"
import { createRequire } from "node:module"
import { BlockList, isIP } from "node:net"
import { open } from "maxmind"
import { PortFailure } from "../../ports/PortFailure.ts"
import { GeoLocator } from "../../ports/reference/GeoLocator.ts"

/** Special-purpose ranges (IANA registries of RFC 6890): nobody's country. */
const specialRanges: ReadonlyArray<readonly [string, number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 127],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:db8::", 32],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8]
]

const special = new BlockList()
for (const [network, bits] of specialRanges) special.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4")

/** A record of the bundled table, or of an operator's MaxMind-format city database. */
interface GeoRecord {
  readonly country_code?: string
  readonly country?: { readonly iso_code?: string }
  readonly subdivisions?: ReadonlyArray<{ readonly names?: { readonly en?: string } }>
  readonly city?: { readonly names?: { readonly en?: string } }
}

const bundledFile = (): string =>
  createRequire(import.meta.url).resolve("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb")

/** Countries from the table that comes with the product, or what the operator's own `.mmdb` file knows. */
export const layer = (options: { readonly file?: string | undefined } = {}): Layer.Layer<GeoLocator, PortFailure> =>
  Layer.effect(
    GeoLocator,
    Effect.gen(function* () {
      const file = options.file ?? bundledFile()
      const reader = yield* Effect.tryPromise({
        try: () => open<never>(file, { cache: { max: 10_000 } }),
        catch: (cause) =>
          new PortFailure({
            port: "GeoLocator",
            operation: "open",
            reason: "corrupt",
            detail: `cannot read ${file}`,
            cause
          })
      })
      return GeoLocator.of({
        locate: (ip) => {
          const family = isIP(ip)
          if (family === 0 || special.check(ip, family === 6 ? "ipv6" : "ipv4")) return undefined
          const found = reader.get(ip) as GeoRecord | null
          const country = found?.country_code ?? found?.country?.iso_code
          if (country === undefined) return undefined
          const region = found?.subdivisions?.[0]?.names?.en
          const city = found?.city?.names?.en
          return { country, ...(region === undefined ? {} : { region }), ...(city === undefined ? {} : { city }) }
        },
        attribution: {
          text:
            options.file === undefined
              ? "IP to country: ip-location-db geo-whois-asn-country (CC0), registry data by the Number Resource Organization (nro.net, CC BY)"
              : "IP location: database of the operator",
          url: options.file === undefined ? "https://www.nro.net" : "",
          as_of: reader.metadata.buildEpoch.toISOString().slice(0, 10)
        }
      })
    })
  )
