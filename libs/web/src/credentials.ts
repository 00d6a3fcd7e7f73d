/** Who is asking: a `Session` of a person, or an `ApiKey` of a program. */
export interface Credentials {
  /** A token to show now; `rejected` is one that the server just refused. `null`: there is none any more. */
  token: (rejected?: string) => Promise<string | null>;
}

/** A key made with `POST /api/v1/api-keys`. It does not expire; once refused it is of no more use. */
export class ApiKey implements Credentials {
  constructor(private readonly key: string) {}

  async token(rejected?: string): Promise<string | null> {
    return rejected === this.key ? null : this.key;
  }
}
