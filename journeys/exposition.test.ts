import { assert, describe, it } from "vitest"
import { namingMistakes, readExposition } from "./exposition.ts"

const mistakesOf = (text: string) => {
  const { families, mistakes } = readExposition(text)
  return [...mistakes, ...families.flatMap(namingMistakes)].join("; ")
}
const counter = "# HELP a_total Some.\n# TYPE a_total counter\n"
const histogram = "# HELP h_seconds Some.\n# TYPE h_seconds histogram\n"

describe("the reader of the text format", () => {
  it("takes what keeps to it", () => {
    const text = `${counter}a_total{x="1",y="\\"\\\\\\n"} 1\na_total 2e3\n${histogram}h_seconds_bucket{le="0.5"} 1\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 1.5\nh_seconds_count 2\n`
    assert.strictEqual(mistakesOf(text), "")
    assert.deepStrictEqual(readExposition(text).families[0]!.samples[0]!.labels, { x: "1", y: '"\\\n' })
  })

  for (const [text, mistake] of [
    [`${counter}a_total 1`, "does not end"],
    [`${counter}a_total one\n`, "no sample"],
    [`${counter}a_total{x=1} 1\n`, "labels cannot be read"],
    [`${counter}a_total{x="1",x="2"} 1\n`, "label x stands twice"],
    [`${counter}a_total 1\na_total 1\n`, "a series stands twice"],
    [`${counter}a_total 1\n${counter}a_total{x="1"} 1\n`, "a family stands twice"],
    [`${counter}b_total 1\n`, "outside of its family"],
    ["# TYPE a_total counter\na_total 1\n", "TYPE without HELP"],
    ["# HELP a Some.\n# TYPE a counter\na 1\n", "a counter ends with _total"],
    ["# HELP a_total Some.\n# TYPE a_total gauge\na_total 1\n", "only a counter"],
    ["# HELP a_milliseconds Some.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n", "base units"],
    ["# HELP aB Some.\n# TYPE aB gauge\naB 1\n", "no capitals"],
    [`${histogram}h_seconds_bucket{le="1"} 1\nh_seconds_sum 1\nh_seconds_count 1\n`, "+Inf is not the count"],
    [
      `${histogram}h_seconds_bucket{le="1"} 3\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 1\nh_seconds_count 2\n`,
      "not cumulative"
    ],
    [`${histogram}h_seconds_bucket{le="+Inf"} 2\nh_seconds_count 2\n`, "no sum"]
  ] as const) {
    it(`sees: ${mistake}`, () => assert.include(mistakesOf(text), mistake))
  }
})
