import type { World } from '../../local-cloud/world.ts'

/** A command of az, taken apart. */

export interface Arguments {
  /** The value of an option that must be there, once. */
  one(name: string): string
  many(name: string): readonly string[]
  optional(name: string): string | undefined
}

/** Does what a command does, and returns what it prints, if anybody reads that. */
export type Handler = (args: Arguments, world: World) => unknown

export function wordsToCommand(words: readonly string[]): { command: string; args: Arguments } {
  const firstOption = words.findIndex(word => word.startsWith('-'))
  const end = firstOption < 0 ? words.length : firstOption
  const command = words.slice(0, end).join(' ')
  return { command, args: argumentsOf(command, words.slice(end)) }
}

function argumentsOf(command: string, words: readonly string[]): Arguments {
  const options = new Map<string, string[]>()
  let values: string[] = []
  for (const word of words) {
    if (word.startsWith('--')) {
      // What is given twice adds up, as --set does.
      values = options.get(word.slice(2)) ?? []
      options.set(word.slice(2), values)
    } else {
      values.push(word)
    }
  }
  const many = (name: string) => options.get(name) ?? []
  const optional = (name: string) => many(name)[0]
  return {
    many,
    optional,
    one(name) {
      const given = many(name)
      if (given[0] === undefined || given.length > 1)
        throw new Error(`az ${command}: --${name} takes one value, and has ${given.length}`)
      return given[0]
    },
  }
}
