import { ask, freshFolder } from "../../journeys/ServerProcess.ts"
import { startBaseline } from "../Baseline.ts"
import { median } from "../Figure.ts"
import type { Figure, Section } from "../Figure.ts"
import { numberMark, startLoadGenerator } from "../LoadGenerator.ts"
import type { Load } from "../LoadGenerator.ts"
import { processorTime, startService, waitUntilIndexed } from "../Service.ts"
import type { Service } from "../Service.ts"

const flagCount = 100
const ruleCount = 20
const experimentCount = 10
const rounds = 5
const seconds = 4
const connections = 64
const bulkConnections = 4
/** People who are evaluated again and again; each is exposed to each experiment once. */
const people = 20_000
/** Open-loop load, as a part of what is answered at saturation. */
const shareOfSaturation = 0.7

const plans = ["free", "pro", "team", "enterprise"]
const body = {
  text: JSON.stringify({
    context: { user_id: `user-${numberMark}`, country: "DE", plan: "pro", seats: 12, version: "1.12.3" }
  }),
  count: people
}

/** Twenty rules a flag, of which the context meets the eleventh at the earliest; the last serves an experiment. */
const flagOf = (flag: number) => ({
  key: `f${flag}`,
  type: "string",
  variants: [
    { name: "control", value: "a" },
    { name: "treatment", value: "b" }
  ],
  environments: {
    production: {
      enabled: true,
      default_variant: "control",
      rules: Array.from({ length: ruleCount }, (_, rule) => ({
        id: `r${rule}`,
        condition: {
          country: { $in: ["DE", "FR"] },
          plan: rule === ruleCount - 1 ? "pro" : plans[(flag + rule) % 4]!,
          seats: { $gte: rule === ruleCount - 1 ? 0 : 30 - rule },
          version: { $vgte: "1.2.0" }
        },
        ...(rule === ruleCount - 1
          ? { serve: { experiment: `e${flag % experimentCount}` } }
          : { percent: 50, serve: { variant: "treatment" } })
      }))
    }
  }
})

const define = async (service: Service): Promise<void> => {
  const { token } = service
  const send = async (path: string, sent?: object) => {
    const answer = await ask(service, "POST", path, { token, ...(sent === undefined ? {} : { body: sent }) })
    if (answer.status > 201) throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  }
  for (let experiment = 0; experiment < experimentCount; experiment += 1) {
    await send("/experiments/experiments", {
      key: `e${experiment}`,
      name: `Experiment ${experiment}`,
      variants: ["control", "treatment"].map((id) => ({ id, weight: 50 })),
      goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    })
    await send(`/experiments/experiments/e${experiment}/start`)
  }
  for (let flag = 0; flag < flagCount; flag += 1) await send("/experiments/feature-flags", flagOf(flag))
}

/** Evaluation over HTTP, exposures on, beside a server of fastify and ajv that answers a constant. */
export const evaluate: Section = {
  name: "evaluate",
  run: async () => {
    const baseline = await startBaseline()
    const generator = startLoadGenerator()
    const service = await startService(freshFolder())
    await define(service)
    let run = 0
    const drive = async (pid: number, load: Omit<Load, "run" | "eventsPerRequest" | "body" | "personal">) => {
      const before = processorTime(pid)
      const result = await generator.run({ ...load, body, personal: false, run: ++run, eventsPerRequest: 1 })
      if (result.refused > 0) throw new Error(`${result.refused} requests were refused`)
      const after = processorTime(pid)
      return { ...result, mainMicros: ((after.mainMillis - before.mainMillis) * 1000) / result.requests }
    }
    const path = Array.from({ length: flagCount }, (_, flag) => `/experiments/feature-flags/f${flag}/evaluate`)
    const { port, token } = service
    const toService = (perSecond?: number) =>
      drive(service.pid, { port, token, path, connections, seconds, ...(perSecond === undefined ? {} : { perSecond }) })
    const toBaseline = (perSecond?: number) =>
      drive(baseline.pid, {
        port: baseline.port,
        token: "",
        path: "/evaluate",
        connections,
        seconds,
        ...(perSecond === undefined ? {} : { perSecond })
      })

    await toBaseline()
    await toService()
    const pairs: Array<{
      readonly base: Awaited<ReturnType<typeof drive>>
      readonly ours: Awaited<ReturnType<typeof drive>>
    }> = []
    for (let round = 0; round < rounds; round += 1) pairs.push({ base: await toBaseline(), ours: await toService() })
    const of = (value: (pair: (typeof pairs)[number]) => number) => median(pairs.map(value))
    const saturation = of(({ ours }) => ours.perSecond)
    const steadyRate = saturation * shareOfSaturation
    await waitUntilIndexed(service)
    const steady = await toService(steadyRate)
    const steadyBase = await toBaseline(steadyRate)
    const bulk = {
      port,
      token,
      path: "/experiments/feature-flags/bulk-evaluate",
      connections: bulkConnections,
      seconds
    }
    const bulkFull = await drive(service.pid, bulk)
    await waitUntilIndexed(service)
    const bulkSteady = await drive(service.pid, { ...bulk, perSecond: bulkFull.perSecond * shareOfSaturation })
    generator.stop()
    baseline.stop()
    await service.kill("SIGTERM")

    const section = "evaluate"
    const figures: ReadonlyArray<Figure> = [
      {
        section,
        name: "fastify + ajv, answering a constant",
        value: of(({ base }) => base.perSecond),
        unit: "requests/s",
        seen: `${of(({ base }) => base.mainMicros).toFixed(0)} µs of its thread each`
      },
      {
        section,
        name: "one flag of 20 rules per request, exposures on",
        value: saturation,
        unit: "requests/s",
        seen: `${of(({ ours }) => ours.mainMicros).toFixed(0)} µs of its thread each, p99 ${of(({ ours }) => ours.p99).toFixed(1)} ms`
      },
      {
        section,
        name: "ratio to fastify + ajv",
        value: of(({ base, ours }) => ours.perSecond / base.perSecond),
        unit: "",
        goal: { is: "at least", bound: 0.8 },
        seen: `rounds ${pairs.map(({ base, ours }) => (ours.perSecond / base.perSecond).toFixed(2)).join(" ")}`
      },
      {
        section,
        name: "p99 at 70 % of saturation, open loop",
        value: steady.p99,
        unit: "ms",
        goal: { is: "below", bound: 10 },
        seen: `p50 ${steady.p50.toFixed(2)} ms, ${steady.perSecond.toFixed(0)} requests/s; the sender late by ${steady.senderLate.toFixed(1)} ms at p99`
      },
      {
        section,
        name: "p99 of fastify + ajv at the same rate, open loop",
        value: steadyBase.p99,
        unit: "ms",
        seen: `p50 ${steadyBase.p50.toFixed(2)} ms, ${steadyBase.perSecond.toFixed(0)} requests/s; the sender late by ${steadyBase.senderLate.toFixed(1)} ms at p99`
      },
      {
        section,
        name: "p99 of all 100 flags at once, at 70 % of saturation",
        value: bulkSteady.p99,
        unit: "ms",
        goal: { is: "below", bound: 10 },
        seen: `p50 ${bulkSteady.p50.toFixed(2)} ms, ${bulkSteady.perSecond.toFixed(0)} requests/s of ${bulkFull.perSecond.toFixed(0)}; ${bulkFull.mainMicros.toFixed(0)} µs of its thread each`
      }
    ]
    return figures
  }
}
