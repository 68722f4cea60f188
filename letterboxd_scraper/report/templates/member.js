// "I am …": what the page says to the member who is chosen.
const MOST_MATCHES = 30;
const MOST_EXPECTED = 5;
const me = document.getElementById("me");

const chosenMember = () => (state.me ? memberNames.indexOf(state.me) : -1);
// The page's "you" is nobody else's, once a member says who they are.
const called = (member) => (chosenMember() < 0 ? members[member] : members[member].replace(/ \(you\)$/, ""));
const hasExpected = () => Boolean(chosenMember() >= 0 && details?.expected?.[chosenMember()]);
const expectedOf = (film) => (hasExpected() ? expectedStars(chosenMember(), film) : null);

// With each friend: on which film both agree most warmly, and on which they are farthest apart. At four stars and more,
// at most half a star apart, they agree; one and a half stars apart, they fight.
const WARM = 8;
const NEAR = 1;
const APART = 3;
function meetingsOf(me) {
  const { first, member, mark } = allRaters();
  const meetings = new Map();
  for (const film of films) {
    const places = [];
    let mine = 0;
    for (let place = first[film]; place < first[film + 1]; place++) {
      if (member[place] === me) mine = mark[place] & STARS;
      else if (mark[place] & STARS) places.push(place);
    }
    if (mine) for (const place of places) meet(meetings, member[place], film, mine, mark[place] & STARS);
  }
  return meetings;
}

function meet(meetings, friend, film, mine, theirs) {
  if (!meetings.has(friend)) meetings.set(friend, { films: 0, agreed: null, fought: null });
  const meeting = meetings.get(friend);
  const apart = Math.abs(mine - theirs);
  const sum = mine + theirs;
  meeting.films += 1;
  if (Math.min(mine, theirs) >= WARM && apart <= NEAR && sum > (meeting.agreed?.sum ?? 0)) meeting.agreed = { film, mine, theirs, sum };
  if (apart >= APART && apart > (meeting.fought?.apart ?? 0)) meeting.fought = { film, mine, theirs, apart };
}

const filmLink = (film) => element("a", { href: `#film=${encodeURIComponent(filmName(film))}` }, element("bdi", {}, titleOf(film)));

function expectedList(member) {
  const best = films
    .filter((film) => expectedOf(film) != null && !hasSeen(film, member))
    .sort((one, other) => expectedOf(other) - expectedOf(one) || one - other)
    .slice(0, MOST_EXPECTED);
  if (!best.length) return null;
  const list = element("ol", {}, ...best.map((film) => element("li", {}, filmLink(film), element("span", { class: "note" }, ` ★ ${decimals(expectedOf(film), 1)}`))));
  return element("div", {}, element("h3", {}, "You have not seen, and would like"), list);
}

function unforetold() {
  const reader = details.expected.findIndex(Boolean);
  const who = reader < 0 ? "" : `; it tells it of ${called(reader)} alone`;
  return `What you would give films that you have not seen is not in this page: it has too many members and films for that${who}.`;
}

function alikeList(member) {
  const alike = matchesOf(member).filter(({ low }) => low > 0).slice(0, MOST_EXPECTED);
  if (!alike.length) return null;
  const told = (match) => element("span", { class: "note" }, ` agreement ${decimals(match.agreement)}, ${counted(match.overlap, "film")} in common`);
  const list = element("ol", {}, ...alike.map((match) => element("li", {}, element("bdi", {}, called(match.member)), told(match))));
  return element("div", {}, element("h3", {}, "People like you"), list);
}

function meetingTable(member) {
  const meets = [...meetingsOf(member)].sort((one, other) => other[1].films - one[1].films);
  if (!meets.length) return null;
  const told = (meeting) =>
    meeting ? [filmLink(meeting.film), element("span", { class: "note" }, ` ${glyphs(meeting.mine / 2)} and ${glyphs(meeting.theirs / 2)}`)] : ["—"];
  const rows = meets.map(([friend, { films: both, agreed, fought }]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("bdi", {}, called(friend)), element("div", { class: "below" }, `${counted(both, "film")} in common`)),
      element("td", { "data-what": "Agreed on" }, ...told(agreed)),
      element("td", { "data-what": "Fought about" }, ...told(fought)),
    ),
  );
  const head = element("tr", {}, ...["With", "Agreed on", "Fought about"].map((name) => element("th", { scope: "col" }, name)));
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("details", { class: "meetings", ...(meets.length <= 12 ? { open: "" } : {}) }, element("summary", {}, "You and each friend"), made);
}

// Drawn anew for another member alone: what is chosen of films changes nothing in it but the words of a button.
let drawn = -1;
function drawMine() {
  const member = chosenMember();
  const place = document.getElementById("mine");
  place.hidden = member < 0 || !details;
  if (place.hidden) return;
  if (member !== drawn) {
    place.replaceChildren(...mineOf(member));
    drawn = member;
  }
  document.getElementById("mine-unseen").textContent = state.unseen === "me" ? "Show those you have seen, too" : "Show only those you have not seen";
}

function mineOf(member) {
  const unseen = films.filter((film) => !hasSeen(film, member)).length;
  const button = element("button", { type: "button", id: "mine-unseen" });
  const parts = [
    element("h2", { id: "mine-title" }, "For ", element("bdi", {}, called(member))),
    element("p", {}, `Of these ${counted(films.length, "film")}, you have not seen ${unseen.toLocaleString("en")}. `, button),
    // No page has room for what each of very many would give.
    ...(columns.mean && !hasExpected() ? [element("p", { class: "note", id: "mine-unforetold" }, unforetold())] : []),
    element("div", { class: "two" }, ...[expectedList(member), alikeList(member)].filter(Boolean)),
    meetingTable(member),
  ];
  return parts.filter(Boolean);
}

document.getElementById("mine").addEventListener("click", (event) => {
  if (event.target.id === "mine-unseen") choose({ unseen: state.unseen === "me" ? "" : "me" });
});

// Whose taste is like that of a member, as a picture and as a table

const along = (agreement) => percent(50 + 50 * agreement);
const intervalOf = ({ low, high }) => `${decimals(low)} … ${decimals(high)}`;

function matchRow(match) {
  const name = called(match.member);
  const told = `${name}: ${decimals(match.agreement)} (90 %: ${intervalOf(match)}), from ${counted(match.overlap, "film")}`;
  return element(
    "div",
    { class: "row", title: told },
    element("bdi", { class: "name" }, name),
    shape(
      "svg",
      { class: "track" },
      ...[-1, -0.5, 0, 0.5, 1].map((number) => shape("line", { class: number ? "grid" : "zero", x1: along(number), x2: along(number), y1: 0, y2: "100%" })),
      shape("line", { class: "span", x1: along(match.low), x2: along(match.high), y1: "50%", y2: "50%" }),
      shape("circle", { class: match.agreement < 0 ? "unlike" : "", cx: along(match.agreement), cy: "50%", r: 5 }),
    ),
  );
}

let matched = -1; // whose matches stand there
function drawMatches() {
  const taste = document.getElementById("member");
  const member = chosenMember() >= 0 ? chosenMember() : (report.you ?? 0);
  if (!taste || !details || member === matched) return;
  matched = member;
  taste.value = memberNames[member];
  const all = matchesOf(member);
  const some = all.length > MOST_MATCHES ? [...all.slice(0, 20), ...all.slice(-10)] : all;
  const row = (match) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("bdi", {}, called(match.member))),
      ...[decimals(match.agreement), intervalOf(match), String(match.overlap)].map((text) => element("td", {}, text)),
    );
  document.getElementById("matches-rows").replaceChildren(...all.map(row));
  const of = some.length < all.length ? `These are the 20 most alike and the 10 least alike of ${all.length}` : "These are all of whom this page can tell";
  document.getElementById("matches-note").textContent = all.length
    ? `${of}; the line is the 90 % interval: the shorter, the surer.`
    : "Of nobody, this page can tell.";
  const chart = document.getElementById("matches");
  chart.setAttribute("aria-label", `Agreement of ${called(member)} with other members; a table follows.`);
  chart.replaceChildren(...(some.length ? [...some.map(matchRow), copyOf("agreement-scale")] : []));
}

async function chooseMember() {
  if (me) me.value = state.me ?? "";
  if (chosenMember() >= 0 && !details) {
    await later();
    draw();
  }
}
me?.addEventListener("change", () => choose({ me: me.value, ...(state.unseen === "me" && !me.value ? { unseen: "" } : {}) }));
