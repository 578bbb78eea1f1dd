/* What the browser keeps: as long as the tab, and longer. */

function stored(storage, name, value) {
  try {
    if (value === undefined) return storage().getItem(name);
    if (value === null) storage().removeItem(name);
    else storage().setItem(name, value);
  } catch {
    return undefined; // a browser that keeps nothing: the page works until it is left
  }
  return value;
}

const tab = () => window.sessionStorage;
const browser = () => window.localStorage;
