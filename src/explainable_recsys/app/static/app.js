// The form holds all that was chosen. It is sent whenever something in it changes, one request at a
// time and then the newest, and the parts of the page that come back take the place of the old.

const REST = 150; // ms without another change before reasons are asked for
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

const form = document.getElementById("choices");
const part = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function chosen(submitter) {
  const query = new URLSearchParams(new FormData(form, submitter));
  query.delete("q");
  if (form.dataset.view) query.set("v", form.dataset.view);
  return query.toString();
}

let wanted = null; // what is to be sent next: {query, light, all}
let isAsking = false;
let resting;

function ask(next) {
  const all = next.all || (wanted?.all && next.query === wanted.query);
  wanted = { ...next, all };
  if (!isAsking) keepAsking();
}

async function keepAsking() {
  isAsking = true;
  while (wanted) {
    const asked = wanted;
    wanted = null;
    try {
      const reply = await fetch(`${form.dataset.parts}?${asked.query}${asked.light ? "&light=1" : ""}`);
      if (reply.status === 429) {
        await pause(1000 * Math.min(Number(reply.headers.get("retry-after")) || 1, 5));
        wanted ??= asked;
        continue;
      }
      show(await reply.text(), asked, reply.ok);
    } catch {
      say(form.dataset.lost, true);
    }
  }
  isAsking = false;
}

function show(html, asked, isRight) {
  const came = new DOMParser().parseFromString(html, "text/html");
  if (!isRight) {
    say(came.body.textContent.trim(), true);
    return;
  }
  const focus = document.activeElement?.id;
  const old = places();
  const ids = asked.all ? ["state", "mine", "shown"] : ["state", "list"];
  for (const id of ids) {
    const fresh = came.getElementById(id);
    if (fresh && part(id)) replace(part(id), fresh, asked);
  }
  move(old);
  if (document.activeElement?.id !== focus) (part(focus) ?? part("list-title"))?.focus();
  if (asked.light) return;
  if (asked.address) remember(asked.address);
  tell();
  unfold();
  wait();
}

function replace(was, now, asked) {
  const filters = part("filters")?.open;
  const scrolled = was.querySelector(".ratings")?.scrollTop;
  for (const card of now.querySelectorAll(".card[id]")) {
    const before = part(card.id);
    if (!before) continue;
    card.querySelector("img").replaceWith(before.querySelector("img"));
    if (card.classList.contains("open")) card.querySelector(".opened").replaceChildren(...before.querySelector(".opened").childNodes);
    if (asked.light) card.querySelector(".why").replaceChildren(...before.querySelector(".why").childNodes);
  }
  if (asked.light) now.classList.add("waiting");
  was.replaceWith(now);
  if (filters && part("filters")) part("filters").open = true;
  if (scrolled) now.querySelector(".ratings")?.scrollTo(0, scrolled);
}

const cards = () => [...document.querySelectorAll(".card[data-item]")];
const places = () => new Map(cards().map((card) => [card.dataset.item, card.getBoundingClientRect()]));

function move(old) {
  if (CALM.matches || !old.size) return;
  for (const card of cards()) {
    const from = old.get(card.dataset.item);
    const to = card.getBoundingClientRect();
    const shift = from && [from.left - to.left, from.top - to.top];
    if (shift && !shift[0] && !shift[1]) continue;
    const start = shift ? { transform: `translate(${shift[0]}px, ${shift[1]}px)` } : { opacity: 0 };
    card.animate([start, {}], { duration: 280, easing: "ease-out" });
  }
}

let told = null; // the list that was spoken of last

function tell() {
  const words = part("state").dataset;
  const now = cards().map((card) => card.dataset.item);
  if (told) {
    const fresh = now.filter((item) => !told.includes(item)).length;
    const moved = now.filter((item, place) => told.includes(item) && told[place] !== item).length;
    const text = words.changed.replace("{new}", fresh).replace("{moved}", moved);
    say(fresh || moved ? text : words.same);
  }
  told = now;
}

function say(text, isProblem) {
  const said = part("said");
  said.textContent = text;
  said.classList.toggle("heard", !isProblem);
  said.classList.toggle("notice", Boolean(isProblem));
}

function remember(how) {
  const address = `${form.getAttribute("action")}?${part("state").dataset.query}`;
  if (address !== location.pathname + location.search) history[`${how}State`](null, "", address);
}

async function unfold() {
  const room = document.querySelector(".card.open .opened");
  if (!room) return;
  const query = part("state").dataset.query;
  const reply = await fetch(`${form.dataset.opened}?${query}`);
  if (reply.ok && part("state").dataset.query === query) {
    const came = new DOMParser().parseFromString(await reply.text(), "text/html");
    document.querySelector(".card.open .opened")?.replaceChildren(...came.body.childNodes);
  }
}

function wait() {
  if (part("loading")) setTimeout(() => part("loading") && !isAsking && ask({ query: chosen(), all: true }), 1500);
}

let drags = false;

form.addEventListener("input", (event) => {
  const input = event.target;
  if (input.type === "search") return find();
  if (input.type !== "range") return;
  const text = `★\u00a0${Number(input.value)}`;
  form.querySelector(`output[for="${CSS.escape(input.id)}"]`).textContent = text;
  input.setAttribute("aria-valuetext", text);
  const was = input.parentElement.querySelector(".was");
  if (was && input.dataset.was) was.hidden = Number(input.dataset.was) === Number(input.value);
  const query = chosen();
  const address = drags ? "replace" : "push";
  ask({ query, light: true });
  clearTimeout(resting);
  resting = setTimeout(() => {
    drags = true;
    ask({ query, address });
  }, REST);
});

form.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type === "search" || event.target.type === "range") {
    drags = false;
    return;
  }
  const query = chosen();
  if (input.closest("#found")) {
    part("q").value = "";
    part("found").replaceChildren();
  }
  ask({ query, all: true, address: "push" });
});

form.addEventListener("submit", (event) => {
  const name = event.submitter?.name;
  if (!name && !part("q").matches(":focus") && !event.submitter?.closest(".search")) return;
  event.preventDefault();
  if (!name) find();
  else ask({ query: chosen(event.submitter), all: true, address: "push" });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-live]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask({ query: new URL(link.href).searchParams.toString(), all: true, address: "push" });
});

addEventListener("popstate", () => location.reload());

let searches = 0;

async function find() {
  const search = ++searches;
  await pause(120);
  if (search !== searches) return;
  const query = new URLSearchParams(chosen());
  query.set("q", part("q").value);
  const reply = await fetch(`${form.dataset.search}?${query}`);
  const html = await reply.text();
  if (search === searches) part("found").replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
}

tell();
unfold();
wait();
