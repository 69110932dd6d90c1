// A part of the page that waits for work elsewhere: asked for again until it says it is done.
const EVERY = 3000;

async function again(part) {
  const page = await asked();
  const next = page?.getElementById(part.id);
  // Done, or signed out meanwhile: the page itself says which.
  if (page && next?.dataset.waiting === undefined) {
    location.reload();
    return;
  }
  if (next) part.replaceChildren(...next.childNodes);
  setTimeout(again, EVERY, part);
}

// This page as it is by now; null while the line or the server is gone, which come back.
async function asked() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

for (const part of document.querySelectorAll("[data-until-done][data-waiting]")) {
  setTimeout(again, EVERY, part);
}
