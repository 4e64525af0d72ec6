import { mkdtempSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { queriesAtOnceMax, queriesWaitingMax } from "../adapters/duckdb/Engine.ts"
import { selectMillisMaxUsual, selectsAtOnceMax, selectsWaitingMax } from "../adapters/duckdb/EventLake.ts"
import { roomMegabytes } from "../adapters/duckdb/lake/closedRoom.ts"
import { computationMillisMax, computationsAtOnceMax, computationsWaitingMax } from "../adapters/threads/Computation.ts"
import { banner } from "../banner.ts"
import { readConfiguration } from "../configuration.ts"
import { futureMillisMax } from "../domain/analytics/ingestion/steps.ts"
import { horizonWeeksMax } from "../domain/lifetime/lifetimeValue.ts"
import { watchersMax } from "../http/analytics/streamRoute.ts"
import { batchBodyBytesMax, jsonBodyBytesMax } from "../http/contract/bodyLimits.ts"
import {
  flagStreamsBrowserMax,
  flagStreamsKeyMax,
  flagStreamsMax,
  flagStreamStallMillisMax
} from "../ports/experiments/FlagPayload.ts"
import { limitUsual } from "../http/contract/parameters.ts"
import {
  exportBytesMax,
  exportEventsMax,
  exportKeptMillis,
  exportMillisMax,
  eventStreamMillisMax,
  eventStreamPageMax,
  eventStreamsAtOnceMax,
  eventStreamStallMillisMax,
  exportsAtOnceMax,
  exportsHeldMax
} from "../ports/analytics/EventExport.ts"
import { legalHoldsMax, retentionDaysMax, retentionPoliciesMax } from "../ports/analytics/RetentionPolicy.ts"
import { headerBytesMax, requestTimeoutMillis } from "../http/middleware/RequestLimits.ts"
import { cohortMembersMax, cohortMembersPageMax } from "../ports/analytics/Cohort.ts"
import { cohortConditionsMax, cohortDepthMax, cohortsReachedMax } from "../ports/analytics/CohortRule.ts"
import {
  batchEventsMax,
  eventBytesMax,
  jsonDepthMax,
  propertyCountMax,
  stringCharactersMax
} from "../ports/analytics/AnalyticsEvent.ts"
import { sqlBytesMax, sqlCharactersMax, sqlRowsMax, sqlRowsUsual } from "../ports/analytics/EventLake.ts"
import { conversionWindowDaysMax, funnelExclusionsMax, funnelStepsMax } from "../ports/analytics/FunnelQuestion.ts"
import {
  bucketsMax,
  dimensionsMax,
  eventTypesMax,
  filtersMax,
  metricsMax,
  rangeDaysMax
} from "../ports/analytics/Question.ts"
import { patternCharactersMax, wildcardsMax } from "../domain/questions/planFilter.ts"
import { bucketsAtOnceMax } from "../domain/analytics/alerts/alertBuckets.ts"
import { accountTypesMax } from "../ports/analytics/Account.ts"
import { alertsMax } from "../ports/analytics/Alert.ts"
import { annotationDaysMax, annotationsShownMax } from "../ports/analytics/Annotation.ts"
import { bootstrapDraws, bootstrapRowsMax, bootstrapStatisticsMax } from "../ports/analytics/Bootstrap.ts"
import { channelRulesMax } from "../ports/analytics/ChannelRules.ts"
import { digestLateMillisMax, digestsMax } from "../ports/analytics/Digest.ts"
import { goalsMax } from "../ports/analytics/Goal.ts"
import { goalNumbersMax } from "../ports/analytics/GoalQuestion.ts"
import { recipientsMax } from "../ports/email/EmailSender.ts"
import { emailAgeMillisMax, emailKeptDays } from "../ports/email/OutgoingEmail.ts"
import { approvalsMax } from "../ports/experiments/ApprovalPolicy.ts"
import { allocationStepsMax } from "../ports/experiments/Bandit.ts"
import {
  changesMax,
  closedRequestsKeptDays,
  commentsMax,
  openRequestsMax,
  requestBytesMax
} from "../ports/experiments/ChangeRequest.ts"
import {
  codeBranchesMax,
  pathCharactersMax,
  postedFlagsMax,
  referencesOfFlagMax
} from "../ports/experiments/CodeReference.ts"
import { metricsMax as metricsOfExperimentMax, phasesMax } from "../ports/experiments/Experiment.ts"
import { cohortKeysMax } from "../ports/analytics/CohortMembers.ts"
import { cohortSegmentsMax, environmentsMax } from "../ports/experiments/Flag.ts"
import { patternInstructionsMax, schemaBytesMax, schemaDepthMax, subschemasMax } from "../domain/jsonSchema/keywords.ts"
import { stepsMax as schemaStepsMax } from "../domain/jsonSchema/validate.ts"
import { scheduleStepsMax, stepChangesMax, stepWaitDaysMax } from "../ports/experiments/FlagSchedule.ts"
import { archetypeFailuresMax, archetypeFlagsMax, archetypesMax } from "../ports/experiments/Archetype.ts"
import { qaLinkMinutesMax, qaLinksMax, qaLinkUnitsMax } from "../ports/experiments/QaLink.ts"
import { qaOverridesMax } from "../ports/experiments/QaOverride.ts"
import {
  definitionsMax,
  overrideUnitsMax,
  prerequisitesMax,
  rulesMax,
  variantsMax
} from "../ports/experiments/FlagFile.ts"
import {
  releaseEvidenceMillisMax,
  releaseHoldDaysMax,
  releasesRunningMax,
  releaseStepsMax
} from "../ports/experiments/GuardedRelease.ts"
import { lifetimeCustomersMax } from "../ports/analytics/LifetimePlan.ts"
import { lifetimeBucketsMax } from "../ports/analytics/LifetimeQuestion.ts"
import { listLimitMax } from "../ports/documents/DocumentStore.ts"
import { keyDaysMax } from "../ports/platform/ApiKey.ts"
import { pictureMillisMax, picturesWaitingMax } from "../adapters/echarts/Pictures.ts"
import { pictureHeightMax, pictureHeightMin, pictureWidthMax, pictureWidthMin } from "../ports/analytics/Picture.ts"
import { accept, openShell, readmeText, tour } from "./ReadmeTour.ts"
import { startServer } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"
import { hasCurl, shellEnvironment } from "./shellEnvironment.ts"

const root = resolve(import.meta.dirname, "..")
/** `npm run readme:accept` writes what the commands print into README instead of comparing it. */
const isAccepting = process.env["README_ACCEPT"] === "yes"
const readmeFolder = "/home/you/broxiva"
const readmeBackup = "/tmp/broxiva-backup"
const soonMillisMax = 30_000

const text = readmeText()
const steps = tour(text)

const expectedBanner = banner({ host: "127.0.0.1", port: 8080, metricsPort: 9464, dataFolder: join(root, "data") })
  .trim()
  .concat("\n")
  .replaceAll(root, readmeFolder)

/** What differs from run to run: times, days, ids, tokens of pages, sizes. */
const steady = (output: string): string =>
  output
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, "<time>")
    .replaceAll(/(?<!as_of":")\b\d{4}-\d\d-\d\d\b/g, "<day>")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/"(watermark|next|query_hash)":"[^"]*"/g, '"$1":"<opaque>"')
    .replaceAll(/\b1[5-9]\d{11}(\d{3})?\b/g, "<instant>")
    .replaceAll(/[\d.]+ MB|\d+ rows|through [\d.]+/g, "<size>")

describe.runIf(hasCurl)("the tour of README", () => {
  const outputs: Array<string> = []
  const backupFolder = join(mkdtempSync(join(tmpdir(), "readme-")), "backup")
  let server: ServerProcess
  let shell: ReturnType<typeof openShell>

  beforeAll(async () => {
    server = await startServer(undefined, { RATE_LIMITS: "", LAKE_SECONDS: "1" })
    shell = openShell(root, { ...shellEnvironment(), DATA_DIR: server.folder })
  })
  afterAll(async () => {
    shell.close()
    await server.kill("SIGTERM")
    if (isAccepting) accept(outputs, expectedBanner)
  })

  const run = async (command: string): Promise<string> => {
    const here = command.replaceAll("http://127.0.0.1:8080", server.url).replaceAll(readmeBackup, backupFolder)
    const output = await shell.run(here)
    return output
      .replaceAll(server.url, "http://127.0.0.1:8080")
      .replaceAll(backupFolder, readmeBackup)
      .replaceAll(server.folder, `${readmeFolder}/data`)
      .replaceAll(root, readmeFolder)
      .replaceAll(tmpdir(), "/tmp")
  }

  it("has steps", () => assert.isAbove(steps.length, 8))

  for (const [index, { command, printed, soon }] of steps.entries()) {
    const title = command.split("\n").find((line) => /^(send|ask|npm) /.test(line)) ?? command.split("\n")[0]!
    it(`step ${index + 1} prints what it says: ${title.slice(0, 60)}`, { timeout: 120_000 }, async () => {
      const deadline = Date.now() + (soon ? soonMillisMax : 0)
      let output = await run(command)
      if (isAccepting && soon) {
        await new Promise((done) => setTimeout(done, 3000))
        output = await run(command)
      }
      while (!isAccepting && steady(output) !== steady(printed ?? "") && Date.now() < deadline) {
        await new Promise((done) => setTimeout(done, 500))
        output = await run(command)
      }
      outputs.push(output)
      if (!isAccepting) assert.strictEqual(steady(output), steady(printed ?? ""))
    })
  }

  it("shows what a start prints", () => {
    if (!isAccepting) assert.include(text, `\`\`\`text\n${expectedBanner}\`\`\``)
  })
})

const rows = (heading: string): ReadonlyArray<ReadonlyArray<string>> =>
  text
    .split(`\n## ${heading}\n`)[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) =>
      line
        .slice(2, -2)
        .split(" | ")
        .map((cell) => cell.trim())
    )

describe("README's tables", () => {
  it("name every variable of the configuration, with its default", () => {
    const asked = new Set<string>()
    const environment = new Proxy({} as Record<string, string | undefined>, {
      get: (_, name) => void asked.add(String(name))
    })
    const usual = readConfiguration(environment)
    const listed = rows("Configuration").map(([name]) => name!.replaceAll("`", ""))
    assert.deepStrictEqual(listed.toSorted(), [...asked].toSorted())
    for (const [name, value] of rows("Configuration")) {
      const set = value === "–" ? {} : { [name!.replaceAll("`", "")]: value!.replaceAll("`", "") }
      assert.deepStrictEqual(readConfiguration(set), usual, name)
    }
  })

  it("name limits as they are", () => {
    const kilobytes = (bytes: number) => `${bytes / 1024} KB`
    const megabytes = (bytes: number) => `${bytes / 1024 / 1024} MB`
    assert.deepStrictEqual(
      rows("Limits").map((row) => row[1]),
      [
        `${kilobytes(eventBytesMax)}, ${propertyCountMax} properties, ${jsonDepthMax} levels deep, strings of ${stringCharactersMax} characters`,
        `${batchEventsMax} events, ${megabytes(batchBodyBytesMax)}`,
        megabytes(jsonBodyBytesMax),
        kilobytes(headerBytesMax),
        `${requestTimeoutMillis / 1000} s`,
        `${futureMillisMax / 3_600_000} h`,
        `${metricsMax} metrics, ${dimensionsMax} dimensions, ${eventTypesMax} event types, ${filtersMax} filters, ${rangeDaysMax} days, ${bucketsMax} buckets`,
        `${alertsMax}; after the service was away the last ${bucketsAtOnceMax.hour} hours, ${bucketsAtOnceMax.day} days or ${bucketsAtOnceMax.week} weeks are looked at`,
        `${digestsMax}; one that could not be made for ${digestLateMillisMax / 86_400_000} days is left out`,
        `2000 characters, ${annotationDaysMax} days; the newest ${annotationsShownMax} of a range beside an answer`,
        `${funnelStepsMax} steps, ${funnelExclusionsMax} exclusions, ${conversionWindowDaysMax} days`,
        `${channelRulesMax} of a workspace`,
        `${goalsMax} of a workspace; ${patternCharactersMax} characters and ${wildcardsMax} wildcards a pattern; ${goalNumbersMax} numbers an answer`,
        `${cohortConditionsMax} conditions, ${cohortDepthMax} levels deep; ${cohortMembersMax} listed ids, ${cohortMembersPageMax} a request; ${cohortsReachedMax} cohorts that name each other`,
        `${accountTypesMax}, of one type each`,
        `${bootstrapDraws} draws, ${bootstrapRowsMax} people by period and value, ${bootstrapStatisticsMax} numbers; ${computationsAtOnceMax} question at once, ${computationsWaitingMax} waiting`,
        `${lifetimeBucketsMax} cohorts and periods, ${horizonWeeksMax} weeks ahead, ${lifetimeCustomersMax} customers`,
        `${computationsAtOnceMax} at once, ${computationsWaitingMax} waiting, ${computationMillisMax / 1000} s each`,
        `${pictureWidthMin} to ${pictureWidthMax} by ${pictureHeightMin} to ${pictureHeightMax} pixels, ${picturesWaitingMax} waiting, ${pictureMillisMax / 1000} s each`,
        `${listLimitMax} items, ${limitUsual} by default`,
        `${queriesAtOnceMax} at once, ${queriesWaitingMax} waiting`,
        `${sqlCharactersMax} characters, ${sqlRowsMax} rows (${sqlRowsUsual} by default), ${megabytes(sqlBytesMax)}, ${selectMillisMaxUsual / 1000} s, ${roomMegabytes} MB of memory; ${selectsAtOnceMax} at once, ${selectsWaitingMax} waiting`,
        `${exportsHeldMax} of a workspace, each kept for ${exportKeptMillis / 3_600_000} h, ${exportsAtOnceMax} written at once; ${exportEventsMax / 1e6} million events, ${exportBytesMax / 1024 ** 3} GB, ${exportMillisMax / 3_600_000} h each`,
        `1 answer at once of a key, ${eventStreamsAtOnceMax} of all; ${eventStreamMillisMax / 3_600_000} h each, ${eventStreamPageMax} events in memory; a reader that takes nothing for ${eventStreamStallMillisMax / 1000} s is cut`,
        `${retentionPoliciesMax} retention policies of a workspace, ${retentionDaysMax} days; ${legalHoldsMax} legal holds`,
        `${recipientsMax} recipients of an alert or digest; a server that is away is tried for ${emailAgeMillisMax / 3_600_000} h; messages are listed for ${emailKeptDays} days`,
        `${definitionsMax} of each, and of segments; ${rulesMax} rules, ${variantsMax} variants, ${prerequisitesMax} prerequisites; ${environmentsMax} environments beside production; ${cohortSegmentsMax} segments that are cohorts, of ${cohortKeysMax} ids each`,
        `${changesMax} definitions, ${megabytes(requestBytesMax)} with what they began from, ${commentsMax} comments; ${openRequestsMax} open ones, closed ones are kept for ${closedRequestsKeptDays} days; up to ${approvalsMax} approvals`,
        `${scheduleStepsMax} steps of ${stepChangesMax} changes, waits of ${stepWaitDaysMax} days; a flag has one at a time in an environment`,
        `${qaOverridesMax} overrides of ${overrideUnitsMax} units; ${qaLinksMax} links of ${qaLinkMinutesMax / 1440} days and ${qaLinkUnitsMax} units; ${archetypesMax} archetypes with ${archetypeFlagsMax} flags, of whom ${archetypeFailuresMax} failures are told`,
        `${releaseStepsMax} steps of ${releaseHoldDaysMax} days, ${metricsOfExperimentMax} guardrails; ${releasesRunningMax} run at a time, looked at for ${releaseEvidenceMillisMax / 1000} s in a round`,
        `${codeBranchesMax} branches; ${postedFlagsMax} flags a posting, ${referencesOfFlagMax} places of each flag and branch, paths of ${pathCharactersMax} characters`,
        `${schemaBytesMax} bytes, ${subschemasMax} schemas, ${schemaDepthMax} levels, ${patternInstructionsMax} instructions of all patterns; ${schemaStepsMax} steps for all that is saved at once`,
        `${metricsOfExperimentMax} goals, ${metricsOfExperimentMax} secondary metrics, ${metricsOfExperimentMax} guardrails; ${phasesMax} phases, ${allocationStepsMax} steps of a bandit in each`,
        String(watchersMax),
        `${flagStreamsMax}; ${flagStreamsKeyMax} of one secret key, ${flagStreamsBrowserMax} of a browser key from one address; a reader that takes nothing for ${flagStreamStallMillisMax / 1000} s is dropped`,
        `${keyDaysMax} days`
      ]
    )
  })

  it("map every folder", () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$|data$)/.test(entry.name))
      .map((entry) => `\`${entry.name}/\``)
    assert.includeMembers(
      rows("The map").map((row) => row[0]!),
      folders
    )
  })
})
