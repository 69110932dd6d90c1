// The queue: the pane beside it, and what is picked. Without this the rows lead to pages and the form still sends.
import { say } from "./words.js";

const wide = matchMedia("(min-width: 62.01rem)");
const pane = document.querySelector("[data-pane]");
const body = document.querySelector("tbody[data-rows]");
let empty = null;
let shown = null;
let timer = null;

function linkOf(row) {
  return row?.querySelector('th[scope="row"] a');
}

async function open(row, focus) {
  const link = linkOf(row);
  if (!link || !window.htmx) return;
  empty ??= pane.innerHTML;
  const back = encodeURIComponent(pane.dataset.back);
  mark(row);
  pane.setAttribute("aria-busy", "true");
  try {
    await window.htmx.ajax("GET", `${link.pathname}pane/?back=${back}`, { target: pane, swap: "innerHTML" });
  } catch { /* asked below whether it came */ }
  pane.removeAttribute("aria-busy");
  if (!focus) return;
  const title = pane.querySelector("[data-pane-title]");
  // What does not come, or is the sign-in, is shown as a page: nobody presses a row in vain.
  if (title?.querySelector("a")?.pathname === link.pathname) title.focus();
  else location.assign(link.href);
}

function mark(row) {
  shown?.removeAttribute("data-open");
  shown = row;
  shown?.setAttribute("data-open", "");
}

function close() {
  const row = shown;
  clearTimeout(timer);
  mark(null);
  pane.innerHTML = empty;
  linkOf(row)?.focus();
}

if (pane && body) {
  body.addEventListener("click", (event) => {
    const link = event.target.closest('th[scope="row"] a');
    if (!link || !wide.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link.closest("tr"), true);
  });
  // While the pane is open it goes along with the row; the focus stays in the table.
  body.addEventListener("row:current", ({ target }) => {
    if (!shown) return;
    clearTimeout(timer);
    timer = setTimeout(() => open(target, false), 120);
  });
  pane.addEventListener("click", (event) => {
    if (event.target.closest("[data-pane-close]")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shown || document.querySelector("dialog[open], details.menu[open]")) return;
    close();
  });
}

const form = document.querySelector("form[data-picks]");
if (form) {
  const ticks = () => [...form.querySelectorAll(".row-pick")];
  const words = form.querySelector("[data-picked]");
  const head = form.querySelector("[data-pick-all]");
  const all = document.createElement("input");
  const none = words?.textContent;
  const count = () => {
    const picked = ticks().filter((tick) => tick.checked).length;
    all.checked = picked > 0 && picked === ticks().length;
    all.indeterminate = picked > 0 && !all.checked;
    if (words) words.textContent = picked ? say("{picked} picked", { picked }) : none;
    form.toggleAttribute("data-any", picked > 0);
  };
  all.type = "checkbox";
  all.setAttribute("aria-label", say("Pick all on this page"));
  all.dataset.key = "p";
  all.dataset.keyLabel = say("pick all on this page");
  all.addEventListener("change", () => {
    for (const tick of ticks()) tick.checked = all.checked;
    count();
  });
  if (head && ticks().length) head.replaceChildren(all);
  form.addEventListener("change", count);
  addEventListener("pageshow", count);
}
