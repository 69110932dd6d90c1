// Live niceties. Every page works without them; each module wires itself by attribute.
import { autosave } from "./autosave.js";
import { copies, counters, folds, menus, opened, panels, reaches, zones } from "./controls.js";
import { focusErrors } from "./errors.js";
import { keys } from "./keys.js";
import { once } from "./once.js";

function wire(root) {
  once(root);
  counters(root);
  copies(root);
  reaches(root);
  folds(root);
  opened(root);
  zones(root);
  panels(root);
  autosave(root);
}

wire(document);
menus();
keys();
focusErrors(document);
document.addEventListener("htmx:afterSwap", (event) => {
  wire(event.target);
  focusErrors(event.target);
});
