import * as v from 'valibot'

/** Limits: learn.microsoft.com, tag-resources. */
export const tagsSchema = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(512)), v.pipe(v.string(), v.maxLength(256))),
  v.check(tags => Object.keys(tags).length <= 50, 'A resource has at most 50 tags'),
)
