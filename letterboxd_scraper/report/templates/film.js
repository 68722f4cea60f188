// A film that is open: who gave what, one sentence about it, how the stars are spread, and the numbers behind its rank.

function raterName({ member, liked, favourite }) {
  const name = element("span", { class: member === chosenMember() ? "rater me" : "rater" }, element("bdi", {}, called(member)));
  if (liked) name.append(element("span", { class: "heart", title: "liked it" }, "\u00a0♥"), element("span", { class: "hidden" }, " liked it"));
  if (favourite) name.append(element("span", { class: "favourite", title: "a favourite" }, "\u00a0✦"), element("span", { class: "hidden" }, " a favourite"));
  return name;
}

const line = (term, names) => element("div", {}, element("dt", {}, ...term), element("dd", {}, ...names));

// The raters by their stars, most first; then who only liked it, and who wants to see it.
function raterList(raters) {
  const list = element("dl", { class: "raters" });
  for (let halves = 10; halves >= 0; halves--) {
    const names = raters.filter((rater) => rater.halves === halves && (halves || rater.liked || rater.favourite)).map(raterName);
    const stars = [element("span", { "aria-hidden": "true" }, glyphs(halves / 2)), element("span", { class: "hidden" }, `${halves / 2} stars`)];
    if (names.length) list.append(line(halves ? stars : ["no stars"], names));
  }
  const waiting = raters.filter(({ wanted, halves }) => wanted && !halves);
  if (waiting.length) list.append(line(["to see"], waiting.map(raterName)));
  return list;
}

function factList(facts) {
  const list = element("dl", { class: "facts" });
  for (const [name, text] of facts.filter(([, words]) => words)) {
    list.append(element("div", {}, element("dt", {}, name), element("dd", {}, element("bdi", {}, text))));
  }
  return list;
}

function factsOf(film) {
  const expected = expectedOf(film);
  return factList([
    ["Directed by", directorsOf(film).join(", ")],
    ["Genres", genresOf(film).join(", ")],
    ["Runtime", value("minutes", film) ? `${value("minutes", film)} min` : ""],
    ["Language", languageOf(film)],
    ["For you", expected == null ? "" : `★ ${decimals(expected, 1)} expected`],
  ]);
}

function whyRanked(film) {
  const facts = factList([
    ["Score", `${decimals(columns.score[film], 3)}${scoreInterval(film) ? ` (90 %: ${scoreInterval(film)})` : ""}`],
    ["Mean of the circle", `${decimals(columns.mean?.[film])}, from ${counted(columns.watchers[film], "rating")}`],
    ["Letterboxd's average", decimals(value("average", film))],
    ["In the discovery ranking", value("discovery", film) ? `rank ${value("discovery", film)}` : ""],
  ]);
  return element("details", { class: "why" }, element("summary", {}, `Why rank ${columns.rank[film]}?`), element("p", {}, whyOf(film)), facts);
}

async function drawFilm(place, film) {
  const box = element("div", { class: "details" });
  place.append(box);
  await later();
  const words = element("div");
  if (sentenceOf(film)) words.append(element("p", { class: "sentence" }, sentenceOf(film)));
  words.append(raterList(ratersOf(film)));
  words.append(factsOf(film));
  const address = addressOf(film);
  if (address) words.append(element("p", { class: "leads" }, element("a", { href: address, rel: "noreferrer" }, "On Letterboxd")));
  const figure = element("figure", { class: "levels" });
  drawLevels(figure, film, circleHistogram(film), siteHistogram(film));
  box.append(words, element("div", {}, figure, whyRanked(film)));
}
