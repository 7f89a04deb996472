/** A refusal of Entra. */
export class Refused extends Error {
  readonly aadsts: number
  readonly oauthError: string
  readonly status: number

  constructor(aadsts: number, status: number, oauthError: string, message: string) {
    super(message)
    this.aadsts = aadsts
    this.status = status
    this.oauthError = oauthError
  }
}
