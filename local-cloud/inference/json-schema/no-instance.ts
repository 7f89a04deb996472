/**
 * Thrown if no instance is found. `what` names the part of the schema that contradicts itself or that this generator does not
 * support.
 */
export class NoInstance extends Error {
  readonly what: string
  constructor(what: string) {
    super(`No instance: ${what}`)
    this.what = what
  }
}
