/* Drawing: at most once a frame, and less often where much happens. */

const MANY = 60,
  BUSY_MS = 500; // after so many events the page is drawn once in so long

const frames = (() => {
  let isWanted = false,
    timer = 0,
    drawn = -Infinity,
    heard = 0,
    last = 0;

  function draw() {
    isWanted = false;
    drawn = performance.now();
    [last, heard] = [heard, 0];
    glance.draw();
    machine.draw();
    calls.draw();
    panel.draw();
  }

  function plan() {
    timer = 0;
    if (isWanted) return;
    isWanted = true;
    requestAnimationFrame(draw);
  }

  return {
    want: plan,
    /* Something has happened, of which there may be thousands a second. */
    hear() {
      heard += 1;
      if (timer || isWanted) return;
      const wait = heard + last > MANY ? drawn + BUSY_MS - performance.now() : 0;
      timer = setTimeout(plan, Math.max(0, wait));
    },
  };
})();
