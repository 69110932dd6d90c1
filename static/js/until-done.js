// A part of the page that waits for work elsewhere: asked for again until it says it is done.
const EVERY = 3000;

async function again(part) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById(part.id);
  if (!answer.ok || !next) return;
  if (!("waiting" in next.dataset)) {
    location.reload();
    return;
  }
  part.replaceChildren(...next.childNodes);
  setTimeout(again, EVERY, part);
}

for (const part of document.querySelectorAll("[data-until-done][data-waiting]")) {
  setTimeout(again, EVERY, part);
}
