// The form holds all that was chosen. It is sent whenever something in it changes, one request at a
// time and then the newest, and the parts of the page that come back take the place of the old.

const REST = 150; // ms without another change before reasons are asked for
const APART = 30; // ms at least between questions, as a server answers only so many of one person
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

const form = document.getElementById("choices");
const part = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function chosen() {
  const query = new URLSearchParams(new FormData(form));
  query.delete("q");
  if (form.dataset.view) query.set("v", form.dataset.view);
  return query.toString();
}

let wanted = null; // what is sent next: {query, light, all, pushes}
let isAsking = false;
let isStale = false; // whether the form lacks something that was answered
let resting;

function ask(next) {
  wanted = { ...next, all: next.all || wanted?.all };
  if (wanted.all) wanted.light = false;
  if (!isAsking) keepAsking();
}

async function keepAsking() {
  isAsking = true;
  while (wanted) {
    const asked = wanted;
    wanted = null;
    const soonest = pause(APART);
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
    await soonest;
  }
  isAsking = false;
}

function show(html, asked, isRight) {
  const came = new DOMParser().parseFromString(html, "text/html");
  if (!isRight) {
    say(came.body.textContent.trim(), true);
    return;
  }
  // What is newer in the form, or held by the mouse, stays until the answer to that.
  const isWhole = (asked.all || isStale) && !asked.light && !wanted && !form.querySelector("[type=range]:active");
  isStale = !isWhole && (asked.all || isStale);
  const focus = document.activeElement?.id;
  const old = places();
  for (const id of isWhole ? ["state", "mine", "shown"] : ["state", "list"]) {
    const fresh = came.getElementById(id);
    if (fresh && part(id)) replace(part(id), fresh, asked);
  }
  for (const link of document.querySelectorAll("a[data-here]")) link.search = part("state").dataset.query;
  move(old);
  if (document.activeElement?.id !== focus) (part(focus) ?? part("list-title"))?.focus();
  if (asked.light) return;
  if (asked.pushes) remember();
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

function remember() {
  const address = `${form.getAttribute("action")}?${part("state").dataset.query}`;
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
}

async function unfold() {
  const opened = () => document.querySelector(".card.open .opened");
  if (!opened()) return;
  const { query } = part("state").dataset;
  opened().ariaBusy = "true";
  const reply = await fetch(`${form.dataset.opened}?${query}`).catch(() => null);
  const html = reply?.ok ? await reply.text().catch(() => "") : "";
  if (part("state").dataset.query !== query || !opened()) return;
  const came = new DOMParser().parseFromString(html, "text/html");
  if (html) opened().replaceChildren(...came.body.childNodes);
  opened().ariaBusy = "false";
}

function wait() {
  if (part("loading")) setTimeout(() => part("loading") && !isAsking && ask({ query: chosen(), all: true }), 1500);
}

form.addEventListener("input", (event) => {
  const input = event.target;
  if (input.type === "search") return find();
  if (input.type !== "range") return;
  const text = `★ ${Number(input.value)}`;
  form.querySelector(`output[for="${CSS.escape(input.id)}"]`).textContent = text;
  input.setAttribute("aria-valuetext", text);
  const was = input.parentElement.querySelector(".was");
  if (was && input.dataset.was) was.hidden = Number(input.dataset.was) === Number(input.value);
  const query = chosen();
  ask({ query, light: true });
  clearTimeout(resting);
  resting = setTimeout(() => ask({ query, pushes: true }), REST);
});

form.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type === "search") return;
  if (input.type === "range") {
    if (isStale) ask({ query: chosen(), all: true });
    return;
  }
  const query = chosen();
  if (input.closest("#found")) {
    part("q").value = "";
    part("found").replaceChildren();
  }
  ask({ query, all: true, pushes: true });
});

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  event.preventDefault();
  if (!button?.name) return find();
  const asked = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
  part("mine").append(asked); // until it is answered
  ask({ query: chosen(), all: true, pushes: true });
});

document.addEventListener("click", (event) => {
  if (part("filters") && !event.target.closest("#filters")) part("filters").open = false;
  const link = event.target.closest("a[data-live]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask({ query: new URL(link.href).searchParams.toString(), all: true, pushes: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !part("filters")?.open) return;
  part("filters").open = false;
  part("filters").firstElementChild.focus();
});

addEventListener("popstate", () => ask({ query: location.search.slice(1), all: true }));

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
wait();
