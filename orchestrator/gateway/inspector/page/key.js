/* The key, where the gateway asks for one. */

function askForKey() {
  stream.stop();
  stream.told("locked", "the gateway asks for a key");
  board.stop();
  figures.stop();
  panel.close();
  if (key) show($("key-error"), "The gateway does not know that key, or it has expired.");
  key = null;
  stored(tab, "gateway-key", null);
  $("forget-key").hidden = true;
  $("main").hidden = true;
  $("key-page").hidden = false;
  $("key").focus();
}

function enterKey(event) {
  event.preventDefault();
  key = $("key").value.trim();
  if (!key) return;
  stored(tab, "gateway-key", key);
  $("key").value = "";
  begin();
}

function begin() {
  $("key-page").hidden = true;
  $("main").hidden = false;
  show($("key-error"), "");
  $("forget-key").hidden = !key;
  stream.told("connecting");
  stream.run();
  frames.want();
}
