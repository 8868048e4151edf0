// Everything works without this. With it each answer is sent when it is given, one request at a time,
// and sent again until it is kept.

const start = performance.now();
let hidden = 0; // ms for which the page was out of sight
let since = document.hidden ? start : null;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) since = performance.now();
  else if (since !== null) {
    hidden += performance.now() - since;
    since = null;
  }
});

const seconds = () => Math.max(0, ((since ?? performance.now()) - start - hidden) / 1000).toFixed(2);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let turn = 0; // of a request: a copy that comes late changes nothing

function body(form) {
  const data = new URLSearchParams(new FormData(form));
  data.set("go", "save");
  data.set("key", `${data.get("key")}.${++turn}`);
  if (data.has("seconds")) data.set("seconds", seconds());
  return data;
}

for (const form of document.forms) {
  form.addEventListener("submit", () => {
    if (form.elements.seconds) form.elements.seconds.value = seconds();
  });
}

// Sends the newest state of a form, and shows what comes back.
function sender(form, show) {
  let wanted = false;
  let isSending = false;
  const kept = form.querySelector(".kept");
  return async () => {
    wanted = true;
    if (isSending) return;
    isSending = true;
    for (let wait = 500; wanted; ) {
      wanted = false;
      try {
        const reply = await fetch(form.action, { method: "POST", body: body(form), redirect: "error" });
        if (reply.status >= 500 || reply.status === 429) throw new Error(reply.status);
        if (reply.status === 200) show?.(await reply.text());
        if (kept && reply.ok) kept.textContent = kept.dataset.kept;
        wait = 500;
      } catch {
        if (kept) kept.textContent = kept.dataset.lost;
        wanted = true;
        await pause(wait);
        wait = Math.min(2 * wait, 8000);
      }
    }
    isSending = false;
  };
}

const fill = (id) => (html) => {
  const came = new DOMParser().parseFromString(html, "text/html");
  const place = document.getElementById(id);
  const focus = document.activeElement?.value;
  const had = place.contains(document.activeElement);
  place.replaceChildren(...came.body.childNodes);
  if (had) (place.querySelector(`button[value="${CSS.escape(focus)}"]`) ?? place.querySelector("button"))?.focus();
};

const questions = document.querySelector("form.questions");
if (questions) questions.addEventListener("change", sender(questions));

const ratings = document.getElementById("ratings");
if (ratings) {
  const send = sender(ratings, fill("mine"));
  ratings.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    const same = ratings.querySelectorAll(`[name="${event.target.name}"][value="${event.target.value}"]`);
    for (const other of same) other.checked = true;
    send();
  });
  let searches = 0;
  const find = async () => {
    const search = ++searches;
    await pause(150);
    if (search !== searches) return;
    const query = new URLSearchParams({ q: document.getElementById("q").value, part: "1" });
    const reply = await fetch(`${ratings.action}?${query}`).catch(() => null);
    if (reply?.ok && search === searches) fill("found")(await reply.text());
  };
  document.getElementById("q").addEventListener("input", find);
}

const correction = document.getElementById("correction");
if (correction) {
  correction.querySelector(".movers").classList.add("live");
  correction.querySelector(".try").hidden = true;
  for (const input of correction.querySelectorAll("[type=number]")) {
    const { value } = input;
    input.type = "range";
    input.value = value;
  }
  const send = sender(correction, fill("place"));
  correction.addEventListener("input", (event) => {
    const input = event.target;
    if (input.type === "range") {
      const text = `★ ${Number(input.value).toLocaleString(document.documentElement.lang)}`;
      correction.querySelector(`output[for="${CSS.escape(input.id)}"]`).textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
    send();
  });
}

const resume = document.getElementById("resume");
if (resume && location.hash.length > 1) {
  resume.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  resume.requestSubmit();
}

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // what was kept meanwhile
});
