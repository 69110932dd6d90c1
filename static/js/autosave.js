// A draft is saved while it is written. A lost connection loses nothing: the text stays in this browser until it is
// stored, and a draft that someone else changed meanwhile is shown beside ours instead of being overwritten.
const WAIT = 1200;
const RETRY = [3000, 10000, 30000];
const SKIP = new Set(["csrfmiddlewaretoken", "_once", "version"]);

export function autosave(root) {
  for (const form of root.querySelectorAll("form[data-autosave]:not([data-saving])")) {
    form.dataset.saving = "";
    new Draft(form).start();
  }
}

class Draft {
  constructor(form) {
    this.form = form;
    this.url = new URL(form.dataset.autosave, location.href);
    this.key = `draft:${this.url.pathname}`;
    this.version = form.elements.version;
    this.status = form.querySelector(".saved");
    this.tries = 0;
    this.dirty = false;
  }

  start() {
    this.restore();
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", () => { clearTimeout(this.timer); this.dirty = false; this.forget(); });
    addEventListener("online", () => this.dirty && this.save());
    addEventListener("pagehide", () => this.dirty && this.keep());
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel(this.key) : null;
    this.tabs?.addEventListener("message", () => this.elsewhere());
  }

  // Another tab of this browser stored this draft: what is stored comes back with the next save, so ask at once.
  elsewhere() {
    if (!this.form.querySelector(".offer.conflict")) this.save();
  }

  values() {
    const values = {};
    for (const [name, value] of new FormData(this.form)) {
      if (SKIP.has(name) || typeof value !== "string") continue;
      (values[name] ??= []).push(value);
    }
    return values;
  }

  changed() {
    this.dirty = true;
    this.touched = true;
    if (this.form.querySelector(".offer.conflict")) return this.keep();
    this.say("Saving…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), WAIT);
  }

  async save() {
    if (this.busy) { this.again = true; return; }
    clearTimeout(this.timer);
    this.busy = true;
    this.dirty = false;
    let response;
    try {
      response = await fetch(this.url, {
        method: "POST", body: new FormData(this.form), credentials: "same-origin", redirect: "error",
        headers: { "X-Autosave": "1", Accept: "application/json" },
      });
    } catch {
      response = null;
    }
    this.busy = false;
    await this.answered(response);
    if (this.again) { this.again = false; this.changed(); }
  }

  async answered(response) {
    if (response?.ok) return this.stored(await response.json());
    if (response?.status === 409) return this.conflict(await response.json());
    if (response?.status === 422) { this.keep(); return this.say(`Not saved. ${(await response.json()).text}`, true); }
    this.dirty = true;
    this.keep();
    if (response && response.status < 500) return this.say("Not saved. Your text is kept in this browser: reload and sign in again.", true);
    const wait = RETRY[Math.min(this.tries, RETRY.length - 1)];
    this.tries += 1;
    this.say("No connection. Your text is kept in this browser and will be sent again.", true);
    this.timer = setTimeout(() => this.save(), wait);
  }

  stored({ version, at }) {
    this.tries = 0;
    if (this.version) this.version.value = version;
    if (!this.dirty) this.forget();
    this.say(`Saved ${at}`);
    if (String(version) !== this.told) this.tabs?.postMessage(version);
    this.told = String(version);
  }

  say(words, trouble = false) {
    this.status.textContent = words;
    this.status.classList.toggle("trouble", trouble);
    this.status.style.minHeight = `${this.status.offsetHeight}px`;
  }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: this.version?.value ?? "", values: this.values() }));
    } catch { /* storage may be full or refused: the server's copy remains */ }
  }

  forget() {
    try { localStorage.removeItem(this.key); } catch { /* as above */ }
  }

  restore() {
    let kept;
    try { kept = JSON.parse(localStorage.getItem(this.key) ?? "null"); } catch { kept = null; }
    if (!kept || JSON.stringify(kept.values) === JSON.stringify(this.values())) return this.forget();
    this.offer("This browser keeps text that was not stored.", kept.values, () => { this.fill(kept.values); this.forget(); this.changed(); });
  }

  conflict({ version, data }) {
    if (this.touched) this.keep();
    const theirs = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, [String(value ?? "")]]));
    this.say("Not saved: this text was saved in another tab or by another person. Choose below which to keep.", true);
    const box = this.offer("Another tab or person saved a different text after you opened this page. Nothing of yours is lost; nothing more is saved here until you choose.", theirs, () => {
      this.fill(theirs);
      if (this.version) this.version.value = version;
      this.forget();
      this.dirty = false;
      this.say("The other text is in the form. It is saved.");
    }, () => {
      if (this.version) this.version.value = version;
      this.changed();
    });
    box.classList.add("conflict");
    this.status.after(box);
    box.scrollIntoView({ block: "nearest" });
  }

  fill(values) {
    for (const [name, [...list]] of Object.entries(values)) {
      for (const control of this.form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (control.type === "checkbox" || control.type === "radio") control.checked = list.includes(control.value);
        else control.value = list.shift() ?? "";
      }
    }
  }

  offer(words, values, take, leave = () => this.forget()) {
    this.form.querySelector(".offer")?.remove();
    const box = document.createElement("div");
    box.className = "notice warn offer";
    box.setAttribute("role", "alert");
    box.append(line("p", words), this.difference(values));
    const row = line("p", "");
    row.className = "row";
    row.append(button("Use the other text", () => { box.remove(); take(); }), button("Keep what is here", () => { box.remove(); leave(); }));
    box.append(row);
    this.form.prepend(box);
    return box;
  }

  difference(values) {
    const mine = this.values();
    const list = document.createElement("dl");
    list.className = "changes";
    for (const [name, other] of Object.entries(values)) {
      if (JSON.stringify(mine[name] ?? [""]) === JSON.stringify(other)) continue;
      const group = document.createElement("div");
      const label = this.form.querySelector(`label[for="id_${CSS.escape(name)}"]`)?.textContent ?? name;
      const here = line("del", (mine[name] ?? [""]).join(", ") || "empty");
      const there = line("ins", other.join(", ") || "empty");
      const dd = document.createElement("dd");
      dd.append(here, " ", there);
      group.append(line("dt", label), dd);
      list.append(group);
    }
    return list;
  }
}

function line(tag, words) {
  const element = document.createElement(tag);
  element.textContent = words;
  return element;
}

function button(words, act) {
  const element = line("button", words);
  element.type = "button";
  element.className = "btn quiet small";
  element.addEventListener("click", act);
  return element;
}
