"use strict";

/* A token by the debug authenticator, for the headers pane. */
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
    complaint.textContent = "";
    try {
      enter(given.get("username"), await globalThis.serveyDebugLogin(dialog.dataset.url, given));
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
