import type { ServiceReply } from '../../service.ts'
import { ArmError } from '../errors.ts'

/** A refusal of Azure Monitor. Its code and message are at the top of the body (ErrorResponse of its official description). */
export class InsightsError extends ArmError {
  constructor(code: string, message: string, status = 400) {
    super(status, code, message)
  }

  override toReply(): ServiceReply {
    return { status: this.status, body: { code: this.code, message: this.message } }
  }
}
