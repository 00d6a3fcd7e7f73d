import type { ApiKeyPage, Me, NewApiKey, Scope, SignInPage } from "./generated/frames";
import type { Http } from "./http";

/** The gateway's REST calls about one's own account. A page needs them rarely: kept apart from `Api`. */
export class AccountApi {
  constructor(private readonly http: Http) {}

  me(): Promise<Me> {
    return this.http.get("/api/v1/me");
  }

  /** `present`: `null` for an account without a password, which needs a fresh sign-in. Ends every other sign-in. */
  changePassword(present: string | null, next: string): Promise<void> {
    return this.http.json("POST", "/api/v1/me/password", { ...given(present), new_password: next });
  }

  signIns(): Promise<SignInPage> {
    return this.http.get("/api/v1/me/sign-ins");
  }

  endSignIn(id: string): Promise<void> {
    return this.http.json("DELETE", `/api/v1/me/sign-ins/${id}`);
  }

  /** All but this one. */
  endOtherSignIns(): Promise<void> {
    return this.http.json("DELETE", "/api/v1/me/sign-ins?keep_current=true");
  }

  keys(): Promise<ApiKeyPage> {
    return this.http.get("/api/v1/api-keys");
  }

  /** With the key itself, which is told this once. */
  createKey(name: string, scopes: Scope[], expiresInDays: number | null): Promise<NewApiKey> {
    const expiry = expiresInDays === null ? {} : { expires_in_days: expiresInDays };
    return this.http.json("POST", "/api/v1/api-keys", { name, scopes, ...expiry });
  }

  revokeKey(id: string): Promise<void> {
    return this.http.json("DELETE", `/api/v1/api-keys/${id}`);
  }

  deleteAccount(password: string | null): Promise<void> {
    return this.http.json("DELETE", "/api/v1/me", given(password));
  }
}

function given(password: string | null): { password?: string } {
  return password === null ? {} : { password };
}
