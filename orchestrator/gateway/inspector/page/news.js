/* What is told to who hears the page: changes of state, never each call. */

const say = (() => {
  let timer = 0,
    waiting = [];
  return (text) => {
    if (waiting.length < 5) waiting.push(text);
    clearTimeout(timer);
    timer = setTimeout(() => {
      $("news").textContent = waiting.join(" ");
      waiting = [];
    }, 150);
  };
})();
