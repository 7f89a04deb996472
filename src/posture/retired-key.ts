/** What became of a data-plane call with the key that must be refused. */
export type RetiredKeyResult =
  /** 403 AuthenticationTypeDisabled: the resource takes no key at all. */
  | { outcome: 'key-access-off' }
  /** 401: this key is not one of the resource's; others may be. */
  | { outcome: 'key-invalid' }
  /** The call got as far as the model. */
  | { outcome: 'accepted' }
