import { advice, type Explanations } from '../explanation.ts'

export const postureExplanations: Explanations<'posture'> = {
  'keys-enabled': {
    title: 'The resource still accepts API keys',
    why: () => 'Key access is on, and this gate forbids it.',
    fixes: () => [advice('Switch key access off.')],
  },
  'retired-key-accepted': {
    title: 'A key that must be refused was accepted',
    why: () => 'The data plane let a call with the retired key through.',
    fixes: () => [advice('Switch key access off.')],
  },
}
