/* Who one is here: a token by the debug authenticator, or one's own. */

import { element } from "./frames.js";

/* The login, which calls back with each new token, or null. */
export class Login {
  #changed;
  token = null;

  constructor(url, scopes, changed) {
    this.#changed = changed;
    const dialog = document.getElementById("login");
    const debug = document.getElementById("debug-login");
    const own = document.getElementById("paste-token");
    const complaint = debug.querySelector("[role=alert]");
    document.getElementById("open-login").addEventListener("click", () => {
      complaint.textContent = "";
      dialog.showModal();
    });
    document.getElementById("close-login").addEventListener("click", () => dialog.close());
    document.getElementById("log-out").addEventListener("click", () => {
      this.#enter(null);
      dialog.close();
    });
    own.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter(new FormData(own).get("token").trim().replace(/^Bearer /i, ""));
      own.reset();
      dialog.close();
    });
    debug.hidden = !url;
    const boxes = document.getElementById("scopes");
    boxes.hidden = scopes.length === 0;
    boxes.append(...scopes.map(scopeBox));
    debug.addEventListener("submit", async (event) => {
      event.preventDefault();
      complaint.textContent = "";
      try {
        const answer = await globalThis.serveyDebugLogin(url, new FormData(debug));
        this.#enter(answer.access_token);
        debug.elements.password.value = "";
        dialog.close();
      } catch (error) {
        complaint.textContent = error.message;
      }
    });
  }

  #enter(token) {
    this.token = token;
    document.getElementById("who").textContent = token === null ? "" : described(token);
    this.#changed(token);
  }
}

function scopeBox(scope) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name: "scope", value: scope });
  label.append(box, element("span", ` ${scope}`));
  return label;
}

/* Whose token it is, and until when, where it says so. */
function described(token) {
  try {
    const text = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { sub, exp } = JSON.parse(atob(text));
    const until = exp && new Date(exp * 1000).toLocaleTimeString([], { timeStyle: "short" });
    return until ? `${sub ?? "somebody"}, until ${until}` : (sub ?? "somebody");
  } catch {
    return "with a token";
  }
}
