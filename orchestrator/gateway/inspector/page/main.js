/* The inspector of a gateway: its clock, and how it begins.

   What comes in changes a model; a frame later the page is made to show it. Whatever happens in
   between is drawn once, so a thousand calls a second cost as much as one. Text of others (words
   of providers, names of routes) becomes text nodes and attributes only, never markup. */

/* The clock of the page. */

let ticks = 0;

function tick() {
  ticks += 1;
  if (document.hidden || $("main").hidden || !model.hello) return;
  providers.tick();
  if (!model.denied && ticks % 5 === 0) board.soon();
  if (!model.denied && ticks % 15 === 0) figures.soon();
  frames.want();
}

theme(
  THEMES.includes(stored(browser, "inspector-theme"))
    ? stored(browser, "inspector-theme")
    : "system",
);
$("theme").addEventListener("click", nextTheme);
$("reconnect").addEventListener("click", () => {
  stream.told("connecting");
  stream.run();
});
$("forget-key").addEventListener("click", () => {
  key = null;
  show($("key-error"), "");
  askForKey();
});
$("key-form").addEventListener("submit", enterKey);
$("moves").addEventListener("toggle", () => frames.want());
calls.begin();
panel.begin();
setInterval(tick, 1000);
begin();
