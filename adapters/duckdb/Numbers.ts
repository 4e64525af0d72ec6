/** Sums of safe integers stay safe below it by far. */
const sumMax = 2 ** 52
const valuesFirst = 4

/** Integers of which the sum and the median are asked for. */
export class Numbers {
  #values = new Float64Array(valuesFirst)
  #count = 0
  #sum = 0
  #carried = 0n

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count] = value
    this.#count += 1
    this.#sum += value
    if (this.#sum < sumMax) return
    this.#carried += BigInt(this.#sum)
    this.#sum = 0
  }

  addAll(others: Numbers): void {
    for (const value of others.#values.subarray(0, others.#count)) this.add(value)
  }

  sum(): bigint {
    return this.#carried + BigInt(this.#sum)
  }

  median(): number | null {
    if (this.#count === 0) return null
    const values = this.#values.subarray(0, this.#count)
    const middle = this.#count >> 1
    const upper = select(values, middle)
    if (this.#count % 2 === 1) return upper
    let lower = -Infinity
    for (let at = 0; at < middle; at += 1) lower = Math.max(lower, values[at]!)
    return lower + (upper - lower) / 2
  }
}

/** The value that has `place` others before it; they stand in front of it afterwards (Hoare's selection). */
const select = (values: Float64Array, place: number): number => {
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[(from + to) >> 1]!
    let [left, right] = [from, to]
    while (left <= right) {
      while (values[left]! < pivot) left += 1
      while (values[right]! > pivot) right -= 1
      if (left > right) break
      const held = values[left]!
      values[left] = values[right]!
      values[right] = held
      left += 1
      right -= 1
    }
    if (place <= right) to = right
    else if (place >= left) from = left
    else break
  }
  return values[place]!
}
