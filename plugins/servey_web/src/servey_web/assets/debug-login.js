"use strict";

/* Asks the debug authenticator for a token: the password grant of OAuth 2 (RFC 6749, section 4.3).

`url` is where it is, and `given` what a form has: `username`, `password`, and any number of `scope`.
The answer is the token response; an error says what is wrong in words for people. */
globalThis.serveyDebugLogin = async (url, given) => {
  const body = new URLSearchParams({
    grant_type: "password",
    username: given.get("username"),
    password: given.get("password"),
    scope: given.getAll("scope").join(" "),
  });
  const response = await fetch(url, { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error_description ?? answer.detail ?? answer.title);
  return answer;
};
