/**
 * Jest transformer for packages that are made for bundlers: they import JSON without the attribute that Node asks for.
 */
export default {
  process: (sourceText: string) => ({
    code: sourceText.replace(/^(import .+ from (["']).+\.json\2);/gm, "$1 with { type: 'json' };"),
  }),
}
