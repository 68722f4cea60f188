// All of it is drawn anew when something else is chosen.
function draw(change) {
  fillForm(change?.arrived);
  drawList();
  drawMine();
}

onChange.push(draw, chooseMember, drawMatches);
onChange.push((change) => {
  if (change?.arrived && state.film) scrollToFilm();
});
for (const option of me?.options ?? []) if (option.value) option.value = memberNames[Number(option.value)];
draw();
performance.mark("table"); // for whoever measures

parsed.then(async () => {
  const taste = document.getElementById("member");
  for (const option of taste?.options ?? []) option.value = memberNames[Number(option.value)];
  taste?.addEventListener("change", () => choose({ me: taste.value }));
  await chooseMember();
  if (state.film) scrollToFilm();
  await later();
  drawMatches();
});
