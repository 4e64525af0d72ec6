import * as fc from "fast-check"
import process from "node:process"

/** Generated cases are the same in every run, so that a change is judged by what it changes; `SEED` tries others. */
const seedUsual = 20_260_101
fc.configureGlobal({ seed: Number(process.env["SEED"] ?? seedUsual) })
