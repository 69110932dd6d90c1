// The first click is the one that counts. The server does a form once in any case; this says so early.
export function once(root) {
  for (const form of root.querySelectorAll("form[data-once]:not([data-wired])")) {
    form.dataset.wired = "";
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      for (const button of form.querySelectorAll("button:not([type=button])")) {
        button.setAttribute("aria-disabled", "true");
      }
    });
  }
}

// Coming back by the browser's history finds the form ready again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});
