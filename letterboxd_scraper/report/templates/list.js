// The ranking: films in pages, in the order that is chosen. One table; on a phone its rows look like cards.
const COLUMNS = [
  { name: "rank", title: "Rank", of: (film) => columns.rank[film], order: "up" },
  { name: "title", title: "Film", of: sortTitle, order: "up" },
  { name: "year", title: "Year", of: (film) => value("year", film), order: "down", optional: true },
  { name: "score", title: "Score", of: (film) => columns.score[film], order: "down" },
  { name: "mean", title: "Stars", of: (film) => columns.mean?.[film], order: "down" },
  { name: "watchers", title: "Ratings", of: (film) => columns.watchers[film], order: "down" },
  { name: "average", title: "Letterboxd", of: (film) => value("average", film), order: "down", optional: true },
  { name: "expected", title: "For you", of: (film) => expectedOf(film), order: "down", personal: true },
  { name: "discovery", of: (film) => value("discovery", film), order: "up", optional: true }, // an order alone
];
const SIZES = [25, 50, 100];
const table = document.getElementById("films");
const body = table.tBodies[0];
const status = document.getElementById("status");
const pager = document.getElementById("pager");

const titleKeys = [];
function sortTitle(film) {
  titleKeys[film] ??= folded(titleOf(film));
  return titleKeys[film];
}

const orders = () => COLUMNS.filter(({ name, optional, personal }) => (!optional || has(name)) && (!personal || hasExpected()));
const visibleColumns = () => orders().filter(({ title }) => title);

// What is chosen of the order: by default the ranking's own.
function chosenOrder() {
  const column = orders().find(({ name }) => name === state.sort) ?? COLUMNS[0];
  return { column, order: state.order ?? column.order };
}

// Films of which nothing is told come last, in whichever order.
function inOrder(places) {
  const { column, order } = chosenOrder();
  if (column.name === "rank") return order === "up" ? places : places.toReversed();
  const sign = order === "up" ? 1 : -1;
  const keys = new Map(places.map((film) => [film, column.of(film)]));
  return places.toSorted((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (a == null || b == null) return (a == null) - (b == null) || one - other;
    return (a < b ? -sign : a > b ? sign : 0) || one - other;
  });
}

function chooseOrder(name) {
  const column = COLUMNS.find((one) => one.name === name);
  const { column: now, order } = chosenOrder();
  const turned = now === column ? (order === "up" ? "down" : "up") : column.order;
  choose({ sort: name === "rank" ? "" : name, order: turned === column.order ? "" : turned });
}

function drawHead() {
  const { column: sorted, order } = chosenOrder();
  const cells = visibleColumns().map(({ name, title }) => {
    const button = element("button", { type: "button", "data-sort": name }, title);
    const cell = element("th", { scope: "col", class: name }, button);
    if (sorted.name === name) cell.setAttribute("aria-sort", order === "up" ? "ascending" : "descending");
    return cell;
  });
  const focused = document.activeElement?.dataset?.sort;
  table.tHead.replaceChildren(element("tr", {}, ...cells));
  if (focused) table.tHead.querySelector(`[data-sort="${focused}"]`)?.focus();
}

// A film's poster; where there is none, or it does not come, its first letter on one of twelve colours.
function tile(film) {
  const letter = titleOf(film).match(/[\p{L}\p{N}]/u)?.[0] ?? Array.from(titleOf(film))[0] ?? "";
  const made = element("span", { class: `tile hue-${columns.rank[film] % 12}`, "aria-hidden": "true" }, letter);
  const source = value("poster", film);
  if (source) {
    made.append(element("img", { src: source, alt: "", loading: "lazy", referrerpolicy: "no-referrer", width: 44, height: 66 }));
  }
  return made;
}

function filmCell(film, open) {
  const title = element("bdi", {}, titleOf(film));
  const link = element("a", { class: "name", href: `#film=${encodeURIComponent(filmName(film))}`, "aria-expanded": String(open) }, title);
  const below = element("div", { class: "below" });
  if (value("year", film)) below.append(element("span", { class: "year" }, String(value("year", film))));
  if (directorsOf(film).length) below.append(element("bdi", {}, directorsOf(film).join(", ")));
  const marks = marksOf(film);
  const words = element("div", {}, link, below);
  if (marks) words.append(element("div", { class: "below marks" }, marks));
  return element("th", { scope: "row", class: "title" }, element("div", { class: "film" }, tile(film), words));
}

const CELLS = {
  title: filmCell,
  rank: (film) => element("td", { class: "rank" }, String(columns.rank[film])),
  year: (film) => element("td", { class: "year" }, String(value("year", film) ?? "")),
  score: (film) => element("td", { class: "score" }, decimals(columns.score[film]), element("div", { class: "below" }, scoreInterval(film))),
  mean: (film) => {
    const mean = columns.mean?.[film];
    return element("td", { class: "mean" }, ...(mean == null ? [] : [element("span", { class: "star", "aria-hidden": "true" }, "★ "), decimals(mean)]));
  },
  watchers: (film) => {
    const count = columns.watchers[film];
    return element("td", { class: "watchers" }, String(count), element("span", { class: "unit" }, count === 1 ? " rating" : " ratings"));
  },
  average: (film) => element("td", { class: "average" }, decimals(value("average", film))),
  expected: (film) => {
    const stars = expectedOf(film);
    if (stars == null) return element("td", { class: "expected" });
    return element("td", { class: "expected" }, element("span", { class: "unit" }, "for you "), element("span", { class: "number" }, decimals(stars)));
  },
};

function filmRow(film) {
  const open = state.film === filmName(film);
  const row = element("tr", { "data-film": film, class: open ? "open" : "" }, ...visibleColumns().map(({ name }) => CELLS[name](film, open)));
  if (!open) return [row];
  const cell = element("td", { colspan: visibleColumns().length });
  drawFilm(cell, film);
  return [row, element("tr", { class: "details-row" }, cell)];
}

// How many films stand on a page; on paper, the first fifty.
let onPaper = false;
const pageSize = () => (onPaper ? 50 : SIZES.includes(Number(state.show)) ? Number(state.show) : SIZES[0]);

// The films of a page: without one that is chosen, the page with the film that is open.
function pageOf(chosen) {
  const size = pageSize();
  const last = Math.max(1, Math.ceil(chosen.length / size));
  const open = chosen.indexOf(filmPlaces.get(state.film));
  const asked = onPaper ? 1 : Number(state.page) || (open >= 0 ? Math.floor(open / size) + 1 : 1);
  const number = Math.min(Math.max(1, Math.floor(asked)), last);
  return { number, last, first: (number - 1) * size, films: chosen.slice((number - 1) * size, number * size) };
}

function drawList() {
  const chosen = inOrder(chosenFilms());
  const page = pageOf(chosen);
  const open = filmPlaces.get(state.film);
  // A film that is asked for is there, whatever else is chosen.
  const rows = open == null || page.films.includes(open) ? page.films : [open, ...page.films];
  drawHead();
  body.replaceChildren(...rows.flatMap(filmRow));
  if (!chosen.length) body.append(element("tr", {}, element("td", { class: "none", colspan: visibleColumns().length }, "No film fits these choices.")));
  drawStatus(chosen.length, page);
  drawPager(page);
}

function drawStatus(count, page) {
  const all = films.length;
  const range = page.last > 1 ? `${(page.first + 1).toLocaleString("en")}–${(page.first + page.films.length).toLocaleString("en")} of ` : "";
  status.textContent = `${range}${counted(count, "film")}${count < all ? ` (${counted(all, "film")} in all)` : ""}`;
  document.getElementById("all").hidden = count === all;
}

function drawPager({ number, last }) {
  pager.hidden = last === 1 && films.length <= SIZES[0];
  document.getElementById("page").textContent = `Page ${number.toLocaleString("en")} of ${last.toLocaleString("en")}`;
  for (const [name, to] of [["previous", number - 1], ["next", number + 1]]) {
    const button = document.getElementById(name);
    button.disabled = to < 1 || to > last;
    button.dataset.page = to;
  }
  document.getElementById("show").value = String(pageSize());
}

function openFilm(name) {
  const film = filmPlaces.get(name);
  if (film == null) return;
  choose({ ...(chosenFilms().includes(film) ? {} : withoutFilters()), page: "", film: name });
  scrollToFilm();
}

const opened = () => body.querySelector("tr.open");
function scrollToFilm() {
  opened()?.scrollIntoView({ block: "start" });
  opened()?.querySelector("a.name").focus({ preventScroll: true });
}

// A click opens a film, and closes it again; what is above keeps its place.
function toggleFilm(row) {
  const film = Number(row.dataset.film);
  const top = row.getBoundingClientRect().top;
  const { number } = pageOf(inOrder(chosenFilms()));
  choose({ film: row.classList.contains("open") ? "" : filmName(film), page: number === 1 ? "" : number });
  const now = body.querySelector(`tr[data-film="${film}"]`);
  if (!now) return;
  window.scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
  now.querySelector("a.name").focus({ preventScroll: true });
}

table.addEventListener("click", (event) => {
  const sort = event.target.closest("[data-sort]");
  if (sort) return chooseOrder(sort.dataset.sort);
  const row = event.target.closest("tr[data-film]");
  const link = event.target.closest("a");
  // Who marks a text does not want to see more.
  if (!row || (link && !link.matches(".name")) || (!link && String(getSelection()))) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  toggleFilm(row);
});

pager.addEventListener("click", (event) => {
  const page = event.target.closest("button")?.dataset.page;
  if (!page) return;
  choose({ page: page === "1" ? "" : page, film: "" });
  document.getElementById("ranking").scrollIntoView();
});
document.getElementById("show").addEventListener("change", (event) => {
  choose({ show: event.target.value === String(SIZES[0]) ? "" : event.target.value });
});

for (const [name, paper] of [["beforeprint", true], ["afterprint", false]]) {
  window.addEventListener(name, () => {
    onPaper = paper;
    drawList();
  });
}
