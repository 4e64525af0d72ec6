import { resolve } from "node:path"

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** Where a client on this machine reaches an address that the service listens on. */
const reachable = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}

/** What a start prints; the command works in any POSIX shell in the folder of the service. */
export const banner = (configuration: {
  readonly host: string
  readonly port: number
  readonly metricsPort: number
  readonly dataFolder: string
}): string => {
  const host = reachable(configuration.host)
  const folder = resolve(configuration.dataFolder)
  const onFolder = folder === resolve("data") ? "" : `DATA_DIR=${shellWord(folder)} `
  return `
Broxiva runs at      http://${host}:${configuration.port}   (API documentation: /docs)
Metrics              http://${host}:${configuration.metricsPort}/metrics
Data folder          ${folder}

Send a first event:

  curl -X POST http://${host}:${configuration.port}/analytics/events/ingest \\
    -H "Authorization: Bearer $(${onFolder}npm run --silent token -- --workspace default --scopes '*')" \\
    -H 'Content-Type: application/json' \\
    -d "{\\"event_id\\":\\"$(node -p 'crypto.randomUUID()')\\",\\"event_type\\":\\"page_view\\",\\"anonymous_id\\":\\"me\\",\\"session_id\\":\\"first\\",\\"timestamp\\":\\"$(date -u +%FT%TZ)\\"}"
`
}
