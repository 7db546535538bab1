"use strict";

/* The debug authenticator: a token by the password grant of OAuth 2 (RFC 6749, section 4.3). */
{
  const dialog = document.getElementById("login");
  const form = dialog.querySelector("form");
  const complaint = dialog.querySelector("[role=alert]");
  const opener = document.getElementById("open-login");

  opener.addEventListener("click", () => {
    complaint.textContent = "";
    dialog.showModal();
  });
  dialog.querySelector("[type=button]").addEventListener("click", () => dialog.close());

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const request = new URLSearchParams({
      grant_type: "password",
      username: given.get("username"),
      password: given.get("password"),
      scope: given.getAll("scope").join(" "),
    });
    complaint.textContent = "";
    try {
      const response = await fetch(dialog.dataset.url, { method: "POST", body: request });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error_description ?? answer.detail ?? answer.title);
      enter(given.get("username"), answer);
    } catch (error) {
      complaint.textContent = error.message;
    }
  });

  function enter(name, { access_token: token, expires_in: seconds }) {
    document.dispatchEvent(new CustomEvent("servey-login", { detail: `Bearer ${token}` }));
    const end = new Date(Date.now() + seconds * 1000);
    const time = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    document.getElementById("who").textContent = `${name}, until ${time}`;
    dialog.close();
  }
}
