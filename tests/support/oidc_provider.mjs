// A real OpenID Connect provider on loopback: panva's certified implementation, with its own sign-in and consent pages.
//
//   node oidc_provider.mjs PORT REDIRECT_URI RS256|ES256
//
// Who signs in as `ann` is ann@example.org. What follows a dash says what is special: `eve-unverified`, `kim-admin`
// (in the group `tokenline-admins`), `max-nowhere` (no address). Anything is a password.
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const [port, redirect, alg] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = await generateKeyPair(alg, { extractable: true });
const key = { ...(await exportJWK(privateKey)), alg, use: "sig" };

function account(id) {
  const [name, special] = id.split("-");
  const address = special === "nowhere" ? {} : { email: `${name}@example.org`, email_verified: special !== "unverified" };
  return { sub: id, ...address, groups: special === "admin" ? ["people", "tokenline-admins"] : ["people"] };
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "tokenline",
      client_secret: "the secret of tokenline & co.",
      redirect_uris: redirect.split(","),
      id_token_signed_response_alg: alg,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: ["a key for cookies"] },
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: [] },
  findAccount: (_, id) => ({ accountId: id, claims: () => account(id) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
