/** No instance of a schema was found, for the sake of what `what` names: it contradicts itself, or is beyond this generator. */
export class NoInstance extends Error {
  readonly what: string
  constructor(what: string) {
    super(`No instance: ${what}`)
    this.what = what
  }
}
