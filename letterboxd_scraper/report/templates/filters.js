// Which films are chosen: the fields of the form, as they stand in the address.
const form = document.getElementById("filters");
const panel = document.getElementById("more-filters");

// Fields offer names as the address has them.
function nameOptions(name, names) {
  for (const option of form.elements[name]?.options ?? []) {
    if (/^\d+$/.test(option.value)) option.value = names[Number(option.value)];
  }
}
nameOptions("genre", genreNames);
nameOptions("unseen", memberNames);

// What only some pages know of.
if (report.languages?.length) {
  const { language } = form.elements;
  const names = report.language_names.map((name, place) => [name, report.languages[place]]).sort(([one], [other]) => one.localeCompare(other, "en"));
  language.append(...names.map(([name, code]) => element("option", { value: code }, name)));
  language.parentElement.hidden = false;
}
if (has("minutes")) form.elements.minutes.parentElement.hidden = false;

const searchTexts = [];
function searchText(film) {
  searchTexts[film] ??= folded(`${titleOf(film)} ${directorsOf(film).join(" ")}`);
  return searchTexts[film];
}

const numberOf = (name) => (state[name] && Number.isFinite(Number(state[name])) ? Number(state[name]) : null);
// A film needs as many ratings as in the ranking, until somebody asks for fewer.
const fewest = () => numberOf("least") ?? report.least ?? 0;

const CONDITIONS = {
  search() {
    const words = folded(state.search).split(/\s+/);
    return (film) => words.every((word) => searchText(film).includes(word));
  },
  unseen() {
    if (state.unseen === "all") return (film) => members.every((_, member) => !hasSeen(film, member));
    const member = state.unseen === "me" ? memberNames.indexOf(state.me) : memberNames.indexOf(state.unseen);
    return member < 0 ? null : (film) => !hasSeen(film, member);
  },
  genre() {
    const place = genreNames.indexOf(state.genre);
    return (film) => columns.genres[film].includes(place);
  },
  director() {
    const part = folded(state.director);
    const places = new Set(report.directors.flatMap((name, place) => (folded(name).includes(part) ? [place] : [])));
    return (film) => columns.directors[film].some((place) => places.has(place));
  },
  decade() {
    const first = parseInt(state.decade, 10);
    return (film) => value("year", film) >= first && value("year", film) < first + 10;
  },
  from: () => (film) => value("year", film) != null && value("year", film) >= numberOf("from"),
  to: () => (film) => value("year", film) != null && value("year", film) <= numberOf("to"),
  most: () => (film) => columns.watchers[film] <= numberOf("most"),
  minutes: () => (film) => value("minutes", film) != null && value("minutes", film) <= numberOf("minutes"),
  language() {
    const place = report.languages?.indexOf(state.language) ?? -1;
    return (film) => value("language", film) === place;
  },
  ranks() {
    const ranks = new Set(state.ranks.split(",").map(Number));
    return (film) => ranks.has(columns.rank[film]);
  },
};

function chosenFilms() {
  const conditions = Object.entries(CONDITIONS).flatMap(([name, condition]) => (state[name] ? (condition() ?? []) : []));
  const least = state.ranks ? 0 : fewest();
  if (least) conditions.push((film) => columns.watchers[film] >= least);
  return conditions.length ? films.filter((film) => conditions.every((holds) => holds(film))) : films;
}

// The form shows what is chosen; a field that somebody writes in keeps what stands in it, unless they went elsewhere.
function fillForm(arrived) {
  const written = arrived ? null : document.activeElement;
  for (const field of form.elements) {
    if (!field.name || field === written) continue;
    const text = field.name === "sort" ? chosenOrder().column.name : (state[field.name] ?? "");
    if (field.value !== text) field.value = text;
  }
  const { least, sort, unseen } = form.elements;
  for (const option of sort.options) option.disabled = !orders().some(({ name }) => name === option.value);
  if (unseen) unseen.querySelector('[value="me"]').disabled = chosenMember() < 0;
  if (!state.least && least !== written) least.value = report.least > 1 ? report.least : "";
  const count = FILTERS.filter((name) => state[name] && name !== "search").length;
  panel.querySelector("summary").textContent = count ? `Filters (${count})` : "Filters";
}

form.addEventListener("input", ({ target }) => {
  if (!target.name) return;
  const typed = target.tagName === "INPUT";
  if (target.name === "sort") choose({ sort: target.value === "rank" ? "" : target.value, order: "" });
  else choose({ [target.name]: target.value.trim(), ranks: "" }, { replace: typed });
});
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("all").addEventListener("click", () => {
  choose({ ...withoutFilters(), least: report.least > 1 ? "0" : "" });
});

// Thousands of names: only for who is about to choose one.
form.elements.director?.addEventListener(
  "focus",
  () => document.getElementById("directors").append(...report.directors.map((name) => element("option", { value: name }))),
  { once: true },
);

// A handful of films needs no choice; on a wide screen there is room for all filters.
form.hidden = films.length <= 5;
if (matchMedia("(min-width: 48rem)").matches) panel.open = true;
