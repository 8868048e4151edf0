// Parts of an opened recommendation that take longer are asked for once it rests on the page.

const REST = 300; // ms

async function fill(place) {
  await new Promise((done) => setTimeout(done, REST));
  if (!place.isConnected) return;
  try {
    const reply = await fetch(place.dataset.later);
    if (!reply.ok || !place.isConnected) return;
    const came = new DOMParser().parseFromString(await reply.text(), "text/html");
    const had = place.contains(document.activeElement);
    place.replaceChildren(...came.body.childNodes);
    if (had) {
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
    }
  } catch {
    // the link stays
  }
}

const seen = new WeakSet();

function look() {
  for (const place of document.querySelectorAll("[data-later]")) {
    if (seen.has(place)) continue;
    seen.add(place);
    fill(place);
  }
}

new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
look();
