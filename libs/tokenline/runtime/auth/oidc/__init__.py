"""Signing in at an OpenID Connect provider: authorization code with PKCE, state and nonce.

`provider` talks to it, `id_token` judges what it says, `people` finds whose account that is, `sign_in` is the way from
the button to the pair of tokens.
"""
