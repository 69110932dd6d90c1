// A form that comes back with errors says so at once: the summary takes the focus.
import { say } from "./words.js";

export function focusErrors(root) {
  const summary = root.querySelector("[data-error-summary]");
  if (!summary) return;
  // After the load, or a fragment in the address would take the focus away again.
  if (document.readyState === "complete") summary.focus();
  else addEventListener("load", () => setTimeout(() => summary.focus()));
  if (root === document) document.title = say("Error: {title}", { title: document.title });
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const control = link && document.getElementById(link.hash.slice(1));
    if (!control) return;
    event.preventDefault();
    (control.closest(".field") ?? control).scrollIntoView({ block: "nearest" });
    control.focus();
  });
}
