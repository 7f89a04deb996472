/** Log probabilities of an answer that was certain: near zero for every token, and far lower for the alternatives. */

const LIKELY = -0.01

/** The alternatives; as many as a request may ask for. */
const OTHERS = [...'abcdefghijklmnopqrst']

const entry = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token, 'utf8')] })

/** @param count how many of the most likely tokens are listed at each place, including the one of the answer */
export function tokenLogprobs(tokens: readonly string[], count: number) {
  return tokens.map(token => {
    const others = OTHERS.filter(other => other !== token).map((other, index) => entry(other, -5 - index))
    return { ...entry(token, LIKELY), top_logprobs: [entry(token, LIKELY), ...others].slice(0, count) }
  })
}

export const logprobsOf = (tokens: readonly string[], count: number) => ({
  content: tokenLogprobs(tokens, count),
  refusal: null,
})
