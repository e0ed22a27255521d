// Rows of a table[data-rows]: j and k go down and up, Enter opens the row's
// link, x ticks its box. Returns a function that says whether it used a key.
export function rows() {
  let at = -1;
  const all = () => [...document.querySelectorAll("table[data-rows] > tbody > tr")];
  const go = (list, to) => {
    list[at]?.classList.remove("at");
    at = Math.max(0, Math.min(list.length - 1, to));
    const row = list[at];
    row.classList.add("at");
    row.scrollIntoView({ block: "nearest" });
    const link = row.querySelector("th a[href], a[href], input");
    if (link) link.focus({ preventScroll: true });
    else {
      row.tabIndex = -1;
      row.focus({ preventScroll: true });
    }
  };
  return (event) => {
    const list = all();
    if (list.length === 0) return false;
    if (at >= list.length || !list[at]?.classList.contains("at")) at = list.findIndex((row) => row.classList.contains("at"));
    switch (event.key) {
      case "j": go(list, at + 1); break;
      case "k": go(list, at - 1); break;
      case "x": {
        const box = list[at]?.querySelector("input[type=checkbox]");
        if (!box) return false;
        box.click();
        break;
      }
      default: return false;
    }
    event.preventDefault();
    return true;
  };
}
