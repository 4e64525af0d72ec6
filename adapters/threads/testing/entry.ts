import { parentPort } from "node:worker_threads"

/** Does what its input's `exponent` says: answers, goes on for ever, throws, or ends. */
const acts: Readonly<Record<number, () => void>> = {
  0: () => parentPort!.postMessage("done"),
  1: () => {
    for (;;);
  },
  2: () => {
    throw new Error("thrown on the thread")
  },
  3: () => process.exit(3)
}

parentPort!.once("message", ({ input }: { readonly input: { readonly exponent: number } }) => acts[input.exponent]!())
