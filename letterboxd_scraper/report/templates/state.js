// What is chosen stands in the address: #genre=horror&sort=year&film=ordet&me=member-3. So a link, a reload and the
// browser's way back lead to it again.
const FILTERS = ["search", "unseen", "genre", "director", "decade", "from", "to", "least", "most", "language", "minutes", "ranks"];
const CHOICES = [...FILTERS, "sort", "order", "page", "show", "me", "film"];
const onChange = [];
let state = {};

function readAddress() {
  const written = new URLSearchParams(location.hash.slice(1));
  state = {};
  for (const name of CHOICES) if (written.get(name)?.trim()) state[name] = written.get(name).trim();
}

function hashOf(choices) {
  const told = CHOICES.filter((name) => choices[name]).map((name) => [name, String(choices[name])]);
  return told.length ? `#${new URLSearchParams(told)}` : "";
}

// Browsers refuse too many changes of the address in a short time: a reader's keys wait for each other, but not for
// longer than until something else is chosen.
let typed = null;
function writeTyped() {
  if (typed) history.replaceState(null, "", typed);
  typed = null;
}
let waiting = null;
function writeAddress(replace) {
  const address = location.pathname + location.search + hashOf(state);
  clearTimeout(waiting);
  if (replace) {
    typed = address;
    waiting = setTimeout(writeTyped, 200);
    return;
  }
  writeTyped();
  history.pushState(null, "", address);
}

// Changes what is chosen: a name that is empty is chosen no more. A choice of films closes the film that is open, and
// begins at the first page.
function choose(changes, { replace = false } = {}) {
  const fresh = Object.keys(changes).some((name) => FILTERS.includes(name) || ["sort", "order", "show"].includes(name));
  state = { ...state, ...(fresh ? { page: "", film: "" } : {}), ...changes };
  for (const name of CHOICES) if (!state[name]) delete state[name];
  writeAddress(replace);
  for (const change of onChange) change();
}

// The same without any filter.
const withoutFilters = () => Object.fromEntries(FILTERS.map((name) => [name, ""]));

window.addEventListener("popstate", () => {
  // A link to a part of the page chooses nothing.
  if (location.hash && !location.hash.includes("=")) return;
  clearTimeout(waiting);
  typed = null;
  readAddress();
  for (const change of onChange) change({ arrived: true });
});

// Links to parts of the page leave what is chosen in the address.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = link.getAttribute("href").slice(1);
  event.preventDefault();
  if (target.startsWith("film=")) {
    openFilm(decodeURIComponent(target.slice(5)));
    return;
  }
  const part = document.getElementById(target);
  part.scrollIntoView();
  part.focus({ preventScroll: true });
});

readAddress();
