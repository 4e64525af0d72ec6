/** Why clients of Unleash cannot be told something. */
export class Inexpressible {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}
